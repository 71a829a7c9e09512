import type { ConsoleParts } from './console-context.ts';
import { deployPage } from './deploy-page.ts';
import { endpointsPage } from './endpoints-page.ts';
import { historyPage } from './history-page.ts';
import { usersPage } from './users-page.ts';
import type { Pages } from './pages.ts';
import { statusPage } from './status-page.ts';

/** The pages for people who are signed in. */
export const CONSOLE_PAGES: readonly ((pages: Pages, parts: ConsoleParts) => void)[] = [
  endpointsPage,
  usersPage,
  deployPage,
  historyPage,
  statusPage,
];
