/** A start failed because something external is missing. The message tells users what is missing and what to do. */
export class StartError extends Error {
  override readonly name = 'CannotStart';
}
