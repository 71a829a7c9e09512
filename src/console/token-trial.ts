import type { Decision, DenyReason } from '../auth/decision.ts';
import type { GuideTexts } from './guide-texts.ts';

export type Step = keyof GuideTexts['steps'];
export type StepState = 'passed' | 'failed' | 'unknown';

/** The steps of a verification, in the order in which they are taken. */
const STEPS: readonly Step[] = [
  'form',
  'issuer',
  'keys',
  'algorithm',
  'key',
  'signature',
  'type',
  'audience',
  'time',
  'claims',
  'id',
  'access',
];

/** The step that a reason belongs to; all others are about whether the user may sign in. */
const STEP_OF: Readonly<Partial<Record<DenyReason, Step>>> = {
  'token-malformed': 'form',
  'issuer-unknown': 'issuer',
  'algorithm-refused': 'algorithm',
  'key-unknown': 'key',
  'signature-wrong': 'signature',
  'token-type-wrong': 'type',
  'audience-wrong': 'audience',
  'token-not-yet-valid': 'time',
  'token-expired': 'time',
  'token-too-old': 'time',
  'claim-wrong': 'claims',
  'user-id-unusable': 'id',
};

function failedStep(decision: Decision): Step | undefined {
  if (decision.kind === 'allow') return undefined;
  return decision.kind === 'unavailable' ? 'keys' : (STEP_OF[decision.reason] ?? 'access');
}

/** What a decision about a token says about each step. */
export function stepsOf(decision: Decision): readonly { readonly step: Step; readonly state: StepState }[] {
  const failed = failedStep(decision);
  const at = failed === undefined ? STEPS.length : STEPS.indexOf(failed);
  // A missing date is a wrong claim, too, and found before audience and time are looked at.
  const sure = failed === 'claims' ? STEPS.indexOf('type') : at - 1;
  return STEPS.map((step, index) => ({
    step,
    state: index === at ? 'failed' : index <= sure ? 'passed' : 'unknown',
  }));
}
