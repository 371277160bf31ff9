import type { Check } from '../../doctor/check.ts';
import { noNotificationConfig } from './no-notification-config.ts';

export const RULE_CHECKS: readonly Check[] = [noNotificationConfig];
