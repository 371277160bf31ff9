import type { Check } from '../../doctor/check.ts';
import { logGroupElsewhere } from './log-group-elsewhere.ts';
import { logsLateOrExpired } from './logs-late-or-expired.ts';
import { noLogPermission } from './no-log-permission.ts';

export const VISIBILITY_CHECKS: readonly Check[] = [noLogPermission, logGroupElsewhere, logsLateOrExpired];
