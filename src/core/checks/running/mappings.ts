/** What reads a queue. */
import type { MappingNode } from '../../doctor/facts.ts';

/** https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html, State */
const OFF = ['Disabled', 'Disabling', 'Deleting'];
const COMING = ['Creating', 'Enabling'];

export function isOff({ state }: MappingNode): boolean {
  return OFF.includes(state);
}

/** It will read within seconds. */
export function isComing({ state }: MappingNode): boolean {
  return COMING.includes(state);
}
