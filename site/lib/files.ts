/** Gives the user a file. */
export function download(
  name: string,
  data: Uint8Array | string,
  type = "application/octet-stream",
): void {
  const url = URL.createObjectURL(new Blob([data as BlobPart], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export const bytesOf = async (file: Blob): Promise<Uint8Array> =>
  new Uint8Array(await file.arrayBuffer());

export const stem = (name: string): string => name.replace(/\.[^.]*$/, "");
