// The other side of the whole requests of `cargo xtask bench convert`: a server that answers with what sharp makes of a file.
//
//     node server.mjs <node_modules' folder> <threads>
//
// Prints its port. `GET /?input=<file>&width=<w>&height=<h>&format=<f>&quality=<q>`, `height` and `quality` 0 for none.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [folder, threads] = process.argv.slice(2);
const sharp = createRequire(`${folder}/package.json`)("sharp");
sharp.concurrency(Number(threads));
sharp.cache(false);

const server = createServer(async (request, answer) => {
  const query = new URL(request.url, "http://localhost").searchParams;
  const number = (name) => Number(query.get(name)) || null;
  try {
    const options = number("quality") ? { quality: number("quality") } : {};
    const image = sharp(await readFile(query.get("input"))).resize(number("width"), number("height"));
    const bytes = await image.toFormat(query.get("format"), options).toBuffer();
    answer.writeHead(200, { "content-type": `image/${query.get("format")}`, "content-length": bytes.length });
    answer.end(bytes);
  } catch (error) {
    answer.writeHead(500);
    answer.end(String(error));
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
