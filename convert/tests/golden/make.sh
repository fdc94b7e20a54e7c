#!/bin/sh
# Makes the goldens of `geometry.rs` that ImageMagick has the task for (6.9.11, Debian's package `imagemagick`).
set -eu
cd "$(dirname "$0")/pictures"

# libvips enlarges and turns half a pixel off its place, so sharp is no measure for these.
convert cat.png -filter Lanczos -resize 300x cat-enlarged.png
convert drawing.png -filter Lanczos -resize 300x drawing-enlarged.png
convert drawing.png -filter Lanczos -resize 200% drawing-upscale.png

# turned source degrees canvas middle golden
turned() {
    middle=$(identify -format '%[fx:w/2],%[fx:h/2]' "$1")
    convert "$1" -virtual-pixel background -background white -filter point -interpolate bilinear \
        -set option:distort:viewport "$3+0+0" -distort SRT "$middle 1 $2 $4" +repage "$5"
}
turned cat.png 30 288x259 144,129.5 cat-rotate-30.png
turned drawing.png 45 198x198 99,99 drawing-rotate-45.png
turned drawing.png 200 191x167 95.5,83.5 drawing-rotate-200.png

convert cat.png -bordercolor black -border 12 cat-border.png

# A mask drawn at eight times the size, so that its edge is smooth.
masked() {
    convert "$1" \( +clone -alpha off -fill black -colorize 100 -resize 800% -fill white -draw "$2" -resize 12.5% \) \
        -alpha off -compose CopyOpacity -composite "$3"
}
convert cat.png -gravity center -crop 160x160+0+0 +repage square.png
masked square.png 'circle 639.5,639.5 639.5,-0.5' cat-circle.png
rm square.png
masked cat.png 'roundrectangle 0,0 1919,1279 239,239' cat-rounded.png
masked cup.png 'roundrectangle 0,0 1919,1279 639,639' cup-rounded-max.png

convert cat.png \( drawing.png -filter Lanczos -resize 96x \) -gravity southeast -composite cat-watermark.png
