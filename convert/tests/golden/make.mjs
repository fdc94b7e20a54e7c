// Makes the goldens of `geometry.rs` that sharp has the task for, and the pictures that they are made of.
//
//     npm install --prefix /tmp/goldens sharp@0.35.5
//     NODE_PATH=/tmp/goldens/node_modules node make.mjs [folder with chelsea-the-cat.jpg, coffee-cup.jpg and astronaut.jpg]
//
// With the folder, which holds photos free of rights, the sources are made again too.
import { createRequire } from "node:module";
import path from "node:path";

const sharp = createRequire(import.meta.url)("sharp");
const pictures = path.join(import.meta.dirname, "pictures");
const save = (image, name) => image.png({ compressionLevel: 9 }).toFile(path.join(pictures, `${name}.png`));

if (process.argv[2]) {
  for (const [photo, name] of [["chelsea-the-cat", "cat"], ["coffee-cup", "cup"], ["astronaut", "astronaut"]]) {
    await save(sharp(path.join(process.argv[2], `${photo}.jpg`)).resize({ width: name === "astronaut" ? 150 : 240 }), name);
  }
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="160" height="120">
    <circle cx="55" cy="60" r="45" fill="#e4572e"/><circle cx="100" cy="60" r="45" fill="#17bebb" fill-opacity=".6"/>
    <path d="M20 110 L80 20 L140 110" fill="none" stroke="#2e282a" stroke-width="6" stroke-linejoin="round"/></svg>`;
  await save(sharp(Buffer.from(drawing)), "drawing");
}

const goldens = {
  "cat-clip": ["cat", (image) => image.resize(100, 100, { fit: "inside" })],
  "cat-width": ["cat", (image) => image.resize({ width: 77 })],
  "cat-scale": ["cat", (image) => image.resize(60, 140, { fit: "fill" })],
  "cat-crop-center": ["cat", (image) => image.resize(80, 80, { fit: "cover" })],
  "cat-crop-left": ["cat", (image) => image.resize(80, 80, { fit: "cover", position: "left top" })],
  "cat-crop-right": ["cat", (image) => image.resize(80, 80, { fit: "cover", position: "right" })],
  "cup-crop-top": ["cup", (image) => image.resize(160, 60, { fit: "cover", position: "top" })],
  "cup-crop-bottom": ["cup", (image) => image.resize(160, 60, { fit: "cover", position: "bottom" })],
  "drawing-clip": ["drawing", (image) => image.resize(70, 70, { fit: "inside" })],
  "cat-cut": ["cat", (image) => image.extract({ left: 60, top: 20, width: 100, height: 90 })],
  "drawing-flip": ["drawing", (image) => image.flip()],
  "drawing-flop": ["drawing", (image) => image.flop()],
  "drawing-rotate-90": ["drawing", (image) => image.rotate(90)],
  "drawing-rotate-180": ["drawing", (image) => image.rotate(180)],
  "drawing-rotate-270": ["drawing", (image) => image.rotate(270)],
};
for (const [name, [source, change]] of Object.entries(goldens)) {
  await save(change(sharp(path.join(pictures, `${source}.png`))), name);
}
