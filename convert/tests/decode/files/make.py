"""Makes the files of this folder; see README.md. Run it here: make.py PHOTO.jpg FOLDER_OF_SHARP"""
import io, os, struct, subprocess, sys
from PIL import Image, ImageCms
import pillow_heif
pillow_heif.register_heif_opener()
photo, sharp = sys.argv[1:3]
T = Image.Transpose

def run(*command): subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
def node(code): subprocess.run(["node", "-e", f"const sharp=require('{sharp}/node_modules/sharp');(async()=>{{{code}}})()"], check=True)

base = Image.open(photo).convert("RGB").crop((60, 0, 460, 300)).resize((80, 60), Image.LANCZOS)
alpha = base.copy(); alpha.putalpha(Image.linear_gradient("L").resize((80, 60)))
def png(image, name): image.convert("RGBA" if "A" in image.mode or "transparency" in image.info else "RGB").save(name + ".png", optimize=True)
png(base, "base"); png(alpha, "alpha")
grey = base.convert("L"); png(grey, "grey")
def also(name): png(Image.open(name), name)

# Profiles written by hand: matrix and gamma, or grey and gamma.
def icc(space, tags):
    table, body = b"", b""
    at = 132 + 12 * len(tags)
    for name, data in tags:
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data)); body += data
    head = struct.pack(">I4sI4s4s4s12s4sIIIIIIIII", at + len(body), b"\0" * 4, 0x02100000, b"mntr", space, b"XYZ ", b"\0" * 12, b"acsp", 0, 0, 0, 0, 0, 0, 0x0000F6D6, 0x00010000, 0x0000D32D)
    return head + b"\0" * (128 - len(head)) + struct.pack(">I", len(tags)) + table + body
def fixed(*numbers): return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(n * 65536) for n in numbers))
def gamma(g): return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(g * 256))
text = b"desc\0\0\0\0" + struct.pack(">I", 2) + b"x\0" + b"\0" * 78
adobe = icc(b"RGB ", [(b"desc", text), (b"wtpt", fixed(.9642, 1, .8249)), (b"rXYZ", fixed(.60974, .31111, .01947)), (b"gXYZ", fixed(.20528, .62567, .06087)), (b"bXYZ", fixed(.14919, .06322, .74457))] + [(k, gamma(2.19921875)) for k in (b"rTRC", b"gTRC", b"bTRC")])
dark = icc(b"GRAY", [(b"desc", text), (b"wtpt", fixed(.9642, 1, .8249)), (b"kTRC", gamma(1.4))])
# Inks whose light is a little yellow and whose black is a little blue, as nobody's formula has it.
def lab(rgb):
    linear = [c / 12.92 if c <= .04045 else ((c + .055) / 1.055) ** 2.4 for c in rgb]
    rows = ((.4361, .3851, .1431, .9642), (.2225, .7169, .0606, 1), (.0139, .0971, .7141, .8249))
    x, y, z = (sum(a * b for a, b in zip(row, linear)) / row[3] for row in rows)
    f = lambda t: t ** (1 / 3) if t > .008856 else 7.787 * t + 16 / 116
    return round((116 * f(y) - 16) * 2.55), round(500 * (f(x) - f(y)) + 128), round(200 * (f(y) - f(z)) + 128)
steps = [n / 4 for n in range(5)]
clut = bytes(v for c in steps for m in steps for y in steps for k in steps
             for v in lab([(1 - c) * (1 - k) * .98, (1 - m) * (1 - k) * .96, (1 - y) * (1 - k) * .85 + .1 * k]))
line = bytes(range(256))
inks = icc(b"CMYK", [(b"desc", text), (b"wtpt", fixed(.9642, 1, .8249)), (b"A2B0", b"mft1\0\0\0\0" + bytes([4, 3, 5, 0]) + struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536) + line * 4 + clut + line * 3)])
inks = inks[:12] + b"prtr" + inks[16:20] + b"Lab " + inks[24:]
srgb = ImageCms.createProfile("sRGB")
def to_srgb(image, profile, name):
    png(ImageCms.profileToProfile(image, ImageCms.getOpenProfile(io.BytesIO(profile)), srgb, outputMode="RGB"), name)

# JPEG
base.save("plain.jpg", quality=85); also("plain.jpg")
base.save("progressive.jpg", quality=85, progressive=True); also("progressive.jpg")
base.save("full-chroma.jpg", quality=85, subsampling=0); also("full-chroma.jpg")
base.save("srgb.jpg", quality=85, icc_profile=ImageCms.ImageCmsProfile(srgb).tobytes()); also("srgb.jpg")
grey.save("grey.jpg", quality=85); also("grey.jpg")
base.convert("CMYK").save("cmyk.jpg", quality=85); also("cmyk.jpg")
run("convert-im6", "base.png", "-colorspace", "CMYK", "-quality", "85", "ycck.jpg"); also("ycck.jpg")
base.convert("CMYK").save("cmyk-profile.jpg", quality=90, icc_profile=inks); to_srgb(Image.open("cmyk-profile.jpg"), inks, "cmyk-profile.jpg")
node("await sharp('base.png').withIccProfile('p3').jpeg({quality:90,chromaSubsampling:'4:4:4'}).toFile('p3.jpg'); await sharp('p3.jpg').toColourspace('srgb').png({compressionLevel:9}).toFile('p3.jpg.png');")
base.save("adobe-rgb.jpg", quality=90, icc_profile=adobe); to_srgb(Image.open("adobe-rgb.jpg"), adobe, "adobe-rgb.jpg")
base.save("broken-profile.jpg", quality=85, icc_profile=b"\0" * 200); also("broken-profile.jpg")
big = Image.open(photo).convert("RGB").crop((0, 0, 402, 302)); exif = Image.Exif(); exif[0x0112] = 6
big.transpose(T.ROTATE_90).save("large.jpg", quality=60, exif=exif)

# Each orientation, stored so that the base is seen.
small = base.resize((40, 30), Image.LANCZOS); png(small, "small")
stored = [None, T.FLIP_LEFT_RIGHT, T.ROTATE_180, T.FLIP_TOP_BOTTOM, T.TRANSPOSE, T.ROTATE_90, T.TRANSVERSE, T.ROTATE_270]
for number, back in enumerate(stored, 1):
    image = small.transpose(back) if back is not None else small
    exif = Image.Exif(); exif[0x0112] = number
    image.save(f"turned-{number}.jpg", quality=97, subsampling=0, exif=exif)
    if number == 6:
        image.save("turned.png", exif=exif, optimize=True); image.save("turned.webp", lossless=True, exif=exif.tobytes())
        image.save("turned.tiff", compression="tiff_lzw", exif=exif)

# PNG
grey.save("grey8.png"); alpha.convert("LA").save("grey-alpha.png"); png(alpha.convert("LA"), "grey-alpha.png")
for name, source, kind in [("rgb16", "base", "PNG48"), ("rgba16", "alpha", "PNG64"), ("grey16", "grey", "PNG24")]:
    extra = ["-colorspace", "Gray", "-depth", "16", "-define", "png:color-type=0", "-define", "png:bit-depth=16"] if name == "grey16" else []
    run("convert-im6", source + ".png", *extra, f"{'PNG' if extra else kind}:{name}.png")
base.quantize(32).save("palette.png"); also("palette.png")
alpha.quantize(32).save("palette-alpha.png"); also("palette-alpha.png")
base.convert("1").save("bits.png"); also("bits.png")
run("convert-im6", "base.png", "-interlace", "PNG", "interlaced.png")
base.save("p3.png", icc_profile=adobe); to_srgb(base, adobe, "p3.png"); os.replace("p3.png", "adobe-rgb.png"); os.replace("p3.png.png", "adobe-rgb.png.png")
grey.save("grey-profile.png", icc_profile=dark)
to_srgb(grey, dark, "grey-profile.png")
base.save("animated.png", save_all=True, append_images=[base.transpose(T.ROTATE_180)], duration=100)

# Animations. The reference has the frames below each other.
def part(delay, dispose, *image): return ["(", *image, "-set", "delay", str(delay), "-set", "dispose", dispose, ")"]
run("convert-im6", *part(10, "none", "small.png", "-colors", "32"), *part(25, "previous", "-size", "10x10", "xc:red", "-repage", "40x30+5+5"),
    *part(7, "background", "-size", "12x8", "xc:lime", "-repage", "40x30+20+15"), *part(50, "none", "-size", "6x6", "xc:blue", "-repage", "40x30+0+0"), "-loop", "3", "animated.gif")
run("convert-im6", "animated.gif", "-coalesce", "-append", "PNG32:animated.gif.png")
def stack(name, count):
    image = Image.open(name); out = Image.new("RGBA", (image.width, image.height * count))
    for at in range(count):
        image.seek(at); out.paste(image.convert("RGBA"), (0, at * image.height))
    out.save(name + ".png", optimize=True)
small.quantize(16).save("still.gif"); also("still.gif")
frames = [small.convert("RGBA"), small.transpose(T.ROTATE_180).convert("RGBA"), alpha.resize((40, 30))]
frames[0].save("animated.webp", save_all=True, append_images=frames[1:], duration=[80, 120, 40], loop=2, lossless=True); stack("animated.webp", 3)

# WebP
base.save("lossy.webp", quality=80); also("lossy.webp")
alpha.save("lossy-alpha.webp", quality=80, exact=True); also("lossy-alpha.webp")
alpha.save("lossless.webp", lossless=True, exact=True)
base.save("profile.webp", lossless=True, icc_profile=adobe); to_srgb(base, adobe, "profile.webp")

# AVIF: depth, chroma, range, matrix
def avif(name, source, *options):
    run("avifenc", "--min", "12", "--max", "16", "-s", "6", *options, source + ".png", name + ".avif"); run("avifdec", "-d", "8", name + ".avif", name + ".avif.png")
for depth, chroma, span, matrix in [(8, 420, "full", 6), (8, 422, "limited", 1), (8, 444, "full", 9), (8, 400, "full", 6), (10, 420, "limited", 6), (10, 444, "full", 1), (12, 422, "full", 6), (12, 400, "limited", 1)]:
    avif(f"{depth}-{chroma}-{span}-{matrix}", "base", "-d", str(depth), "-y", str(chroma), "-r", span, "--cicp", f"1/13/{matrix}")
avif("lossless", "base", "-l"); avif("alpha", "alpha"); avif("multiplied", "alpha", "-p"); avif("p3", "base", "--cicp", "12/13/6")
Image.open(photo).convert("RGB").resize((256, 128)).save("/tmp/grid.png"); run("avifenc", "--min", "20", "--max", "30", "-s", "6", "-g", "2x1", "/tmp/grid.png", "grid.avif"); run("avifdec", "-d", "8", "grid.avif", "grid.avif.png")
small.transpose(T.ROTATE_270).save("/tmp/one.png"); run("avifenc", "--min", "2", "--max", "5", "-s", "6", "-y", "444", "--irot", "1", "/tmp/one.png", "turned.avif")
small.transpose(T.FLIP_TOP_BOTTOM).save("/tmp/one.png"); run("avifenc", "--min", "2", "--max", "5", "-s", "6", "-y", "444", "--imir", "0", "/tmp/one.png", "mirrored.avif")
small.transpose(T.TRANSPOSE).save("/tmp/one.png"); run("avifenc", "--min", "2", "--max", "5", "-s", "6", "-y", "444", "--irot", "1", "--imir", "0", "/tmp/one.png", "both.avif")
curve = b"curv\0\0\0\0" + struct.pack(">I1024H", 1024, *(round(65535 * (v / 12.92 if v <= .04045 else ((v + .055) / 1.055) ** 2.4)) for v in (n / 1023 for n in range(1024))))
display_p3 = icc(b"RGB ", [(b"desc", text), (b"wtpt", fixed(.9642, 1, .8249)), (b"rXYZ", fixed(.51512, .24120, -.00105)), (b"gXYZ", fixed(.29198, .69225, .04189)), (b"bXYZ", fixed(.15710, .06657, .78407))] + [(k, curve) for k in (b"rTRC", b"gTRC", b"bTRC")])
to_srgb(Image.open("p3.avif.png").convert("RGB"), display_p3, "p3.avif")

# HEIC
base.save("plain.heic", quality=80); also("plain.heic")
alpha.save("alpha.heic", quality=80); also("alpha.heic")
base.save("profile.heic", quality=90, icc_profile=adobe); to_srgb(Image.open("profile.heic"), adobe, "profile.heic")
small.transpose(T.ROTATE_90).save("/tmp/one.png"); exif = Image.Exif(); exif[0x0112] = 6
small.transpose(T.ROTATE_90).save("turned.heic", quality=97, chroma=444, exif=exif.tobytes())

# The others
base.save("plain.bmp"); base.quantize(32).save("palette.bmp"); png(base.quantize(32), "palette.bmp")
base.save("plain.tiff", compression="tiff_lzw"); base.save("jpeg.tiff", compression="jpeg", quality=90); also("jpeg.tiff")
run("convert-im6", "base.png", "-depth", "16", "-endian", "MSB", "-compress", "zip", "deep.tiff")
base.convert("CMYK").save("cmyk.tiff", compression="tiff_lzw"); png(base.convert("CMYK"), "cmyk.tiff")
