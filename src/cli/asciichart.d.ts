/** What is used of asciichart, which has no types of its own. */
declare module "asciichart" {
  interface Options {
    height?: number;
    min?: number;
    max?: number;
    format?: (value: number) => string;
    colors?: readonly string[];
  }
  const asciichart: {
    plot(
      series: readonly number[] | readonly (readonly number[])[],
      options?: Options,
    ): string;
  };
  export default asciichart;
}
