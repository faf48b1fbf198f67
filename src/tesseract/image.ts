import { isRecord, message, positiveInteger, wrong } from "../checks.js";
import { typedArrayName } from "../checks.js";

/** A greyscale image with 8 bits per pixel, row by row: 0 is black, 255 white. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** A part of an image; `right` and `bottom` are exclusive. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** @throws TypeError, RangeError that name the argument */
export function checkImage(image: unknown, name: string, bytes = 1): GreyImage {
  if (!isRecord(image) && typeof image !== "object")
    throw wrong(false, name, "an image: width, height, data", image);
  const { width, height, data } = (image ?? {}) as Partial<GreyImage>;
  const w = positiveInteger(width, `${name}.width`);
  const h = positiveInteger(height, `${name}.height`);
  const kind = typedArrayName.call(data);
  if (kind !== "Uint8Array" && kind !== "Uint8ClampedArray")
    throw wrong(false, `${name}.data`, "a Uint8Array", data);
  const pixels = data as Uint8Array;
  if (pixels.length !== w * h * bytes) {
    const expected = `${w * h * bytes} bytes for ${w} × ${h}`;
    throw new RangeError(message(`${name}.data`, expected, `${pixels.length}`));
  }
  return { width: w, height: h, data: pixels };
}

/**
 * The luminance of a colour image with four bytes per pixel, red, green, blue and alpha, such as ImageData of a canvas.
 * Transparent pixels become white.
 *
 * @throws TypeError, RangeError that name the argument
 */
export function toGrey(image: {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}): GreyImage {
  const { width, height, data } = checkImage(image, "image", 4);
  const grey = new Uint8Array(width * height);
  for (let i = 0, p = 0; i < grey.length; i++, p += 4) {
    const [r, g, b, a] = [data[p], data[p + 1], data[p + 2], data[p + 3]] as [
      number,
      number,
      number,
      number,
    ];
    // Rec. 601, as in image programs
    const luminance = 0.299 * r + 0.587 * g + 0.114 * b;
    grey[i] = Math.round(255 + ((luminance - 255) * a) / 255);
  }
  return { width, height, data: grey };
}

/** A part of an image; pixels outside the image have the colour `ground`. */
export function cut(image: GreyImage, box: Box, ground: number): GreyImage {
  const width = box.right - box.left;
  const height = box.bottom - box.top;
  const data = new Uint8Array(width * height).fill(ground);
  const left = Math.max(0, box.left);
  const right = Math.min(image.width, box.right);
  for (
    let y = Math.max(0, box.top);
    y < Math.min(image.height, box.bottom);
    y++
  )
    data.set(
      image.data.subarray(y * image.width + left, y * image.width + right),
      (y - box.top) * width + left - box.left,
    );
  return { width, height, data };
}

export const inverted = ({ width, height, data }: GreyImage): GreyImage => ({
  width,
  height,
  data: data.map((pixel) => 255 - pixel),
});
