/** Result of checking a password hash; `why` follows the name of the value in messages. */
export type HashCheck =
  | { readonly kind: 'good' }
  | { readonly kind: 'weak'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string };

const MAKE = 'create one with `comfy-tenant hash`';
const GOOD: HashCheck = { kind: 'good' };
const ARGON2ID =
  /^\$argon2id\$v=19\$m=([0-9]{1,10}),t=([0-9]{1,10}),p=([0-9]{1,10})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/;
const BCRYPT = /^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$/;
const APR1 = /^\$apr1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}$/;
const SHA1 = /^\{SHA\}[A-Za-z0-9+/]{27}=$/;
/** Limits for the cost of one password check. */
const MOST = { argon2KiB: 262_144, argon2Rounds: 10, argon2Lanes: 4, bcryptCost: 14 } as const;
const LEAST = { argon2KiBPerLane: 8, bcryptCost: 4 } as const;
const OTHER_KINDS = /^(\$argon2|\$2|\$apr1\$|\$[0-9a-z]{1,12}\$|\{[A-Z0-9-]{2,12}\})/;

function refused(why: string): HashCheck {
  return { kind: 'refused', why };
}

function argon2id(memory: number, rounds: number, lanes: number): HashCheck {
  if (memory > MOST.argon2KiB)
    return refused(`is too expensive: argon2id m must be at most ${MOST.argon2KiB} (256 MiB); ${MAKE}`);
  if (rounds > MOST.argon2Rounds)
    return refused(`is too expensive: argon2id t must be at most ${MOST.argon2Rounds}; ${MAKE}`);
  if (lanes > MOST.argon2Lanes)
    return refused(`is too expensive: argon2id p must be at most ${MOST.argon2Lanes}; ${MAKE}`);
  const legal = rounds >= 1 && lanes >= 1 && memory >= LEAST.argon2KiBPerLane * lanes;
  return legal
    ? GOOD
    : refused(`is not a valid argon2id hash: t and p are at least 1, m at least 8 × p; ${MAKE}`);
}

function bcrypt(cost: number): HashCheck {
  if (cost > MOST.bcryptCost)
    return refused(`is too expensive: the bcrypt cost must be at most ${MOST.bcryptCost}; ${MAKE}`);
  return cost >= LEAST.bcryptCost
    ? GOOD
    : refused(`is not a valid bcrypt hash: the cost is at least 4; ${MAKE}`);
}

/** Checks the format and cost of a password hash, without computing it. */
export function checkHash(text: string): HashCheck {
  const argon = ARGON2ID.exec(text);
  if (argon !== null) return argon2id(Number(argon[1]), Number(argon[2]), Number(argon[3]));
  const blowfish = BCRYPT.exec(text);
  if (blowfish !== null) return bcrypt(Number(blowfish[1]));
  if (APR1.test(text))
    return { kind: 'weak', why: `is an MD5 hash (apr1), which is quick to brute-force; ${MAKE}` };
  if (SHA1.test(text))
    return { kind: 'weak', why: `is an unsalted SHA-1 hash, which is quick to brute-force; ${MAKE}` };
  if (OTHER_KINDS.test(text))
    return refused(`is an unsupported or damaged hash: use argon2id or bcrypt; ${MAKE}`);
  return refused(`is not a password hash, and plain-text passwords are not accepted; ${MAKE}`);
}
