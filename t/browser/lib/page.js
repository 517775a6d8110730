// A page as seen by a user: elements are found by role, label and text, by
// Testing Library in the page, and used by real clicks.

import { source } from "./npm.js";
import { until } from "./until.js";

export class Page {
  static async open(browser, url, look) {
    const page = new Page();
    page.tab = await browser.tab(look);
    await page.tab.goto(url);
    return page;
  }

  // Evaluates a function, without its closure, or a text in the page.
  do(what, ...values) {
    return this.tab.evaluate(typeof what === "string" ? what
      : `(${what})(${values.map((each) => JSON.stringify(each)).join()})`);
  }

  // Loads a library of npm's into the page, once.
  async add(name, path) {
    if (!await this.do(`"${name}" in globalThis`)) {
      await this.do(`void function () { ${source(path)} }.call(globalThis)`);
    }
  }

  // Runs a query of Testing Library, and a function with its result.
  async find(query, what, options, then = "Boolean(found)") {
    await this.add("TestingLibraryDom",
      "@testing-library/dom/dist/@testing-library/dom.umd.min.js");
    return this.do(`(({ ${query}, fireEvent }) => {
      const found = ${query}(document.body, ${literal(what)}, {
        ${Object.entries(options).map(([key, value]) =>
    `${key}: ${literal(value)}`).join()} });
      return ${then};
    })(TestingLibraryDom)`);
  }

  // A line of the visible text.
  shows(line) {
    return until(async () => line.test(await this.text("body")),
      async () => `${line} is not in ${await this.text("body")}`);
  }

  text(selector) {
    return this.do((which) => document.querySelector(which).innerText,
      selector);
  }

  async click(role, name) {
    const at = await until(
      () => this.find("queryByRole", role, { name }, `found && (() => {
        found.scrollIntoView({ block: "center" });
        const { x, y, width, height } = found.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      })()`), () => `there is no ${role} ${name}`);
    await this.tab.click(at.x, at.y);
  }

  fill(label, value) {
    return this.find("getByLabelText", label, {},
      `fireEvent.input(found, { target: { value: ${literal(value)} } })`);
  }

  choose(label, option) {
    return this.find("getByLabelText", label, {},
      `fireEvent.change(found, { target: { value: [...found.options].find(
        ({ label }) => label === ${literal(option)}).value } })`);
  }

  async close() {
    await this.tab.close();
    return this.tab.problems;
  }
}

const literal = (value) =>
  value instanceof RegExp ? String(value) : JSON.stringify(value);
