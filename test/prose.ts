import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * `npm run check`: finds wording that a native-speaking engineer would not write, in docs, messages, comments and test
 * titles. Prints `file:line: phrase → better` for each and exits 1 if there is one.
 */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bjudg(?:e|es|ed|ing|ement|ements|ment)\b/i, 'check, verify, authenticate or decide'],
  [/\bcounts? no more\b/i, 'no longer applies'],
  [/\b(?:serves?|served) on\b(?! (?:port|a|an|the|its|all|each|every|\d))/i, 'keeps serving'],
  [/(?<!-o |USER |user |")\bnobody\b/i, 'no one, or name who'],
  [/\bsomebody\b/i, 'someone, or name who'],
  [/\bdearer\b/i, 'more expensive'],
  [/\bund(?:o|oes|id) (?:the |all )?isolation\b/i, 'breaks isolation'],
  [/\b(?:begins?|began|starts?) anew\b/i, 'start over, restart'],
  [/\bmade-up\b/i, 'temporary'],
  [/\bmend(?:s|ed|ing)?\b/i, 'fix'],
  [/\b(?:is|are|was|were) told\b/i, 'is logged, is reported, learns'],
  [/\bsays? so\b/i, 'reports it, logs it'],
  [/\bthe very\b/i, 'the same'],
  [/\bone's own\b/i, "your own, the user's own"],
  [/\bis not there\b|\bare not there\b/i, 'is missing, does not exist'],
  [/\bis there already\b|\bis already there\b/i, 'already exists'],
  [/\b(?:is|are) taken (?:by|at|over|from)\b(?! another process)/i, 'is applied, is in use'],
  [/\bstands? (?:in|at|under|beside|before|behind|there|twice)\b/i, 'is'],
  [/\bparted at\b/i, 'split on'],
  [/\bonce an? (?:check|endpoint|user|request|fetch|cooldown)\b/i, 'once per …'],
  [/\bone a (?:line|user|check)\b/i, 'one per …'],
  [/\bwhoever\b/i, 'anyone who'],
  [/\b(?:thereof|hereby|therein|whereupon|ere|thence|hitherto)\b/i, 'plain words'],
  [/\bwaited for\b/i, 'wait for … (active)'],
  [/\bbeside (?:it|the|this|that|others)\b/i, 'next to, besides'],
  [/\bthe one before\b/i, 'the previous one'],
  [/\blets? nobody in\b/i, 'rejects everyone'],
  [/, for (?:nothing|it|they|what|who|no)\b/i, 'because'],
  [/\bno longer than its time\b/i, 'until its timeout'],
  [/\bas (?:it|they) (?:is|are) told\b/i, 'as configured'],
];

const FILES = /\.(?:md|ts|mjs|js|py|ya?ml|toml)$|(?:^|\/)Dockerfile$/;
const SKIPPED = /^(?:test\/prose\.ts|package-lock\.json|plugin\/LICENSE)/;

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => FILES.test(file) && !SKIPPED.test(file));

let found = 0;
for (const file of files) {
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    for (const [pattern, better] of WORDS) {
      const phrase = pattern.exec(line)?.[0];
      if (phrase === undefined) continue;
      found++;
      console.log(`${file}:${index + 1}: "${phrase}" → ${better}`);
    }
  }
}
if (found > 0) console.log(`\n${found} phrases to reword (the list is in test/prose.ts)`);
process.exitCode = found === 0 ? 0 : 1;
