/** A rule that was broken, in words. */
export class Violation extends Error {}
