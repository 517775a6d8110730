// The position of a sound in a track of the stand-in source: at time t it has a
// tone of 400 + 12 * (floor(t) mod 256) Hz, and a sweep from 4 to 8 kHz in each
// second.


const SECONDS = 256;
const STEPS = 250;          // positions tried within a second
const SHORT = 1024;         // samples used to find the sweep

// The energy of some samples, seen through a Hann window, at a frequency that
// begins at "from" Hz and changes by "slope" Hz a second.
function energy(samples, rate, from, slope) {
  let [cosine, sine] = [0, 0];
  samples.forEach((sample, i) => {
    const time = i / rate;
    const phase = 2 * Math.PI * time * (from + slope * time / 2);
    const seen = sample * (1 - Math.cos(2 * Math.PI * i / samples.length));
    cosine += seen * Math.cos(phase);
    sine += seen * Math.sin(phase);
  });
  return cosine ** 2 + sine ** 2;
}

// The number below "count" with the highest energy.
function best(count, of) {
  const found = Array.from({ length: count }, (_, i) => [of(i), i])
    .sort(([one], [other]) => other - one);
  return found[0][1];
}

// The position at the end of the samples; null for silence, or if a second has
// just begun.
export function heard(samples, rate) {
  const loud = Math.sqrt(samples.reduce((sum, each) => sum + each ** 2, 0)
    / samples.length);
  if (loud < 0.05) {
    return null;
  }

  const short = samples.slice(-SHORT);
  const part = best(STEPS, (i) => energy(short, rate, 4000 + 4000 * i / STEPS,
    4000)) / STEPS + SHORT / rate;
  const second = best(SECONDS, (i) => energy(samples, rate, 400 + 12 * i, 0));
  return part > samples.length / rate && part < 1 ? second + part : null;
}

// The difference of two positions, modulo 256 seconds.
export const difference = (one, other) => {
  const off = (one - other) % SECONDS;
  return off > SECONDS / 2 ? off - SECONDS
    : off < -SECONDS / 2 ? off + SECONDS : off;
};
