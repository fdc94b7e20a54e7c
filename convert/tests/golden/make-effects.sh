#!/bin/sh
# Makes the goldens of effects.rs that ImageMagick 6 can make (Debian: apt-get install imagemagick). The others are our own results,
# looked at by a person: GOLDEN_WRITE=1 cargo test -p bowerbird-convert --test golden effects writes those that are missing.
set -eu
cd "$(dirname "$0")"
photo=sources/effects-photo.png
cup=sources/effects-cup.png
drawing=sources/effects-drawing.png

make() { # source, golden, operations
    source=$1 golden=pictures/effects/$2.png
    shift 2
    convert "$source" "$@" -strip -define png:exclude-chunks=date,time -depth 8 "PNG32:$golden"
}

make $photo blur-2 -gaussian-blur 0x2
make $cup blur-20 -gaussian-blur 0x20
make $drawing blur-drawing -gaussian-blur 0x4
make $photo sharpen-2 -unsharp 0x2+1+0
make $cup sharpen-5 -unsharp 0x5+1+0
make $photo pixelate-2 -filter box -resize 50% -filter point -resize 200%
make $photo pixelate-10 -filter box -resize 10% -filter point -resize 1000%
make $drawing pixelate-drawing -filter box -resize 12.5% -filter point -resize 800%
make $photo blackwhite -colorspace gray -threshold 50%
make $photo monochrome -colorspace gray
make $cup sepia -sepia-tone 80%
make $drawing negative-drawing -channel RGB -negate
# ImageMagick says the hue in percent of half a circle: 100 + degrees / 1.8.
make $photo modulate -modulate 120,150,150
make $cup modulate-hue -modulate 80,300,233.333
make $photo vignette -background none -vignette 0x20
make $cup vignette-5 -background none -vignette 0x5
make $photo shadow '(' +clone -background black -shadow 60x4+4+4 ')' +swap -background none -layers merge +repage
make $drawing shadow-drawing '(' +clone -background black -shadow 100x2+10-6 ')' +swap -background none -layers merge +repage
# -polaroid bends the photo and has no broad lower edge without a caption, so the frame is put together: 240 / 16 is 15.
frame="-bordercolor snow -border 15 -background snow -gravity south -splice 0x45 +gravity -background none"
cast="( +clone -background black -shadow 60x3.75+3+3 ) +swap -background none -layers merge +repage"
set -f
make $photo polaroid-0 $frame $cast
make $photo polaroid-25 $frame -gravity center -extent 344x327 +gravity -virtual-pixel transparent \
    -filter point -interpolate bilinear -distort SRT 25 $cast
