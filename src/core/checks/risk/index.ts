import type { Check } from '../../doctor/check.ts';
import { permissionTooOpen } from './permission-too-open.ts';

export const RISK_CHECKS: readonly Check[] = [permissionTooOpen];
