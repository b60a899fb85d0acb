/** Reached by no value that the types know: a switch that ends in it is exhaustive, or does not compile. */
export function never(_: never): void {}
