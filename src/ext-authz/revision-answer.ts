import type { RequestHead } from '../http/request-head.ts';
import { REVISION_HEADER, REVISION_STATUS } from '../http/revision-host.ts';
import { encodeDenied } from './check-response.ts';

const ANSWERS = {
  passed: encodeDenied({ status: REVISION_STATUS.passed, headers: [], body: '', metadata: [] }),
  missing: encodeDenied({ status: REVISION_STATUS.missing, headers: [], body: '', metadata: [] }),
};

/** Answers a check of the revision host: whether the filter passed the header that names its revision. */
export function revisionAnswer({ headers }: RequestHead): Uint8Array {
  return ANSWERS[headers.some(([name]) => name.startsWith(REVISION_HEADER)) ? 'passed' : 'missing'];
}
