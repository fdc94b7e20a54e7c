// The other side of `cargo xtask bench convert`: the same as `run` of examples/bench.rs, by sharp.
//
//     node sharp.mjs <node_modules' folder> <input> <width> <height, or 0> <format> <quality, or 0> <result> <seconds> <in flight> <threads>
//
// Prints a line of JSON.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const [folder, input, width, height, format, quality, result, seconds, inFlight, threads] = process.argv.slice(2);
const sharp = createRequire(`${folder}/package.json`)("sharp");
sharp.concurrency(Number(threads));
// Results of the same input are not to be told from memory.
sharp.cache(false);

const bytes = readFileSync(input);
const convert = () => {
  const options = quality === "0" ? {} : { quality: Number(quality) };
  return sharp(bytes).resize(Number(width), Number(height) || null).toFormat(format, options).toBuffer();
};

const first = await convert();
writeFileSync(result, first);
const began = performance.now();
let images = 0;
const one = async () => {
  while (performance.now() - began < Number(seconds) * 1000) {
    await convert();
    images += 1;
  }
};
await Promise.all(Array.from({ length: Number(inFlight) }, one));
const rate = images / ((performance.now() - began) / 1000);
const peak = /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"));
console.log(JSON.stringify({ rate, bytes: first.length, peak_kb: Number(peak?.[1] ?? 0) }));
