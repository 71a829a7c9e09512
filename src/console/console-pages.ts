import type { ConsoleParts } from './console-context.ts';
import type { Pages } from './pages.ts';
import { statusPage } from './status-page.ts';

/** The pages for people who are signed in. */
export const CONSOLE_PAGES: readonly ((pages: Pages, parts: ConsoleParts) => void)[] = [statusPage];
