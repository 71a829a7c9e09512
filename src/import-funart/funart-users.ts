export interface FunArtUser {
  readonly username: string;
  readonly password: string;
}

function isUser(value: unknown): value is FunArtUser {
  const user = value as Partial<FunArtUser> | null;
  return typeof user?.username === 'string' && typeof user.password === 'string';
}

/** The Basic user list; undefined if there is none, which means JWT. */
export function readBasicUsers(
  info: Readonly<Record<string, unknown>>,
  remarks: string[],
): FunArtUser[] | undefined {
  const users: unknown = info['users'];
  if (!Array.isArray(users)) return undefined;
  users.forEach((user, index) => {
    if (!isUser(user)) remarks.push(`users[${index}] lacks username or password: skipped`);
  });
  return users.filter(isUser);
}
