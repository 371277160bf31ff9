import type { SettingSource, Sourced, Target } from '../aws/target.ts';

/**
 * The global flags that would lead another command to the same place: for commands that people are to copy. By default only
 * what stood on this command line, since the environment and the project file go on to hold in the same folder; a command
 * that is to work elsewhere needs the settings of the project file too.
 */
export function targetFlags(target: Target, sources: readonly SettingSource[] = ['flag']): readonly string[] {
  if (target.sandbox) return ['--sandbox'];
  const flag = (name: string, setting: Sourced<string> | undefined) =>
    setting && sources.includes(setting.source) ? [name, setting.value] : [];
  return [
    ...flag('--profile', target.profile),
    ...flag('--region', target.region),
    ...flag('--endpoint-url', target.endpointUrl),
  ];
}
