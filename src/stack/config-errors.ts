/** The configuration is invalid. */
export class ConfigErrors extends Error {
  override readonly name = 'ConfigErrors';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}
