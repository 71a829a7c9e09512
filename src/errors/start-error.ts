/** Something outside that a start needs is not there. The message is for people: what is missing and what to do. */
export class StartError extends Error {
  override readonly name = 'CannotStart';
}
