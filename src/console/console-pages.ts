import type { ConsoleParts } from './console-context.ts';
import { deployPage } from './deploy-page.ts';
import { createEndpointPage } from './create-endpoint.ts';
import { endpointSettingsPage } from './endpoint-settings.ts';
import { jwtForms } from './jwt-forms.ts';
import { endpointsPage } from './endpoints-page.ts';
import { historyPage } from './history-page.ts';
import { tryTokenPage } from './try-token-page.ts';
import { rulesForms } from './rules-section.ts';
import { siteForms } from './site-form.ts';
import { usersPage } from './users-page.ts';
import type { Pages } from './pages.ts';
import { statusPage } from './status-page.ts';
import { peoplePage } from './people-page.ts';
import { auditPage } from './audit-page.ts';
import { verifyPage } from './verify-page.ts';

/** The pages for people who are signed in. */
export const CONSOLE_PAGES: readonly ((pages: Pages, parts: ConsoleParts) => void)[] = [
  endpointsPage,
  createEndpointPage,
  endpointSettingsPage,
  jwtForms,
  tryTokenPage,
  usersPage,
  rulesForms,
  siteForms,
  deployPage,
  historyPage,
  verifyPage,
  statusPage,
  peoplePage,
  auditPage,
];
