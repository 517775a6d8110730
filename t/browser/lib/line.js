// A connection between the browser and VOYO that a test can slow down, close and
// reset.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Line {
  rate = Infinity;          // bytes per second, to the browser
  refused = 0;
  #pairs = new Set();
  #allowance = 0;
  #ticked = performance.now();

  static async to(port) {
    const line = new Line();
    line.target = port;
    await line.up();
    // a test that failed early must not keep the process running
    line.timer = setInterval(() => line.#tick(), 20).unref();
    return line;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async up() {
    this.server = createServer((client) => this.#join(client)).unref();
    this.server.listen(this.port ?? 0, "127.0.0.1");
    await once(this.server, "listening");
    this.port = this.server.address().port;
  }

  // Refuses new connections, and resets all others.
  async down() {
    this.server.close();
    this.reset();
    await once(this.server, "close");
  }

  // Closes all connections, properly or by a reset.
  cut() {
    for (const { client } of this.#pairs) {
      client.end();
    }
  }

  reset() {
    for (const { client, product } of this.#pairs) {
      // a socket that is ending cannot be reset any more: its handle would
      // remain, and keep the process running
      if (client.writableEnded) {
        client.destroy();
      } else {
        client.resetAndDestroy();
      }
      product.destroy();
    }
  }

  async end() {
    clearInterval(this.timer);
    if (this.server.listening) {
      await this.down();
    }
  }

  #join(client) {
    const product = connect(this.target, "127.0.0.1");
    const pair = { client, product, waiting: [], size: 0, over: false };
    this.#pairs.add(pair);

    client.on("data", (data) => product.write(data));
    client.on("error", () => {});
    client.on("drain", () => this.#send(pair));
    product.on("error", () => client.destroy());
    client.on("close", () => {
      product.destroy();
      this.#pairs.delete(pair);
    });
    product.on("end", () => { pair.over = true; this.#send(pair); });
    product.on("data", (data) => {
      pair.waiting.push(data);
      pair.size += data.length;
      if (pair.size > 65536) {
        product.pause();
      }
      if (this.rate === Infinity) {
        this.#send(pair);
      }
    });
  }

  #tick() {
    // timers are late on a busy machine
    const now = performance.now();
    const seconds = Math.min((now - this.#ticked) / 1000, 1);
    this.#ticked = now;
    this.#allowance = this.rate === Infinity ? Infinity
      : Math.min(this.#allowance, this.rate / 10) + this.rate * seconds;
    // like a network: an equal share for each, and the rest for all
    let sharing = this.#pairs.size;
    for (const pair of [...this.#pairs].sort((a, b) => a.size - b.size)) {
      this.#send(pair, this.#allowance / sharing--);
    }
  }

  #send(pair, share = Infinity) {
    const { client, product } = pair;
    if (this.rate === Infinity) {
      this.#allowance = Infinity;
    }
    // do not read while the browser does not
    while (pair.waiting.length > 0 && Math.min(share, this.#allowance) >= 1
           && client.writableLength < 65536) {
      const [data] = pair.waiting;
      const part = data.subarray(0,
        Math.min(data.length, share, this.#allowance));
      client.write(part);
      this.#allowance -= part.length;
      share -= part.length;
      pair.size -= part.length;
      if (part.length === data.length) {
        pair.waiting.shift();
      } else {
        pair.waiting[0] = data.subarray(part.length);
      }
    }
    if (pair.size === 0) {
      product.resume();
      if (pair.over) {
        client.end();
      }
    }
  }
}
