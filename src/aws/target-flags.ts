import type { FixFlags } from '../core/preflight-fixes.ts';
import type { SettingSource, Sourced, Target } from './target.ts';

/**
 * The global flags that would lead another command to the same place: for commands that people are to copy. By default only
 * what stood on this command line, since the environment and the project file go on to hold in the same folder; a command
 * that is to work elsewhere needs the settings of the project file too.
 */
export function targetFlags(target: Target, sources: readonly SettingSource[] = ['flag']): readonly string[] {
  return target.sandbox ? ['--sandbox'] : flagsFrom(target, sources);
}

/** For copied commands of both kinds. */
export function commandFlags(target: Target): FixFlags {
  return { aws: awsCliFlags(target), s3evt: targetFlags(target) };
}

/** The same for a command of the AWS CLI, which knows nothing of the project file. */
function awsCliFlags(target: Target): readonly string[] {
  if (!target.sandbox) return flagsFrom(target, ['flag', 'project file']);
  const endpoint = target.endpointUrl === undefined ? [] : ['--endpoint-url', target.endpointUrl.value];
  return ['--region', target.region.value, ...endpoint];
}

function flagsFrom(target: Target, sources: readonly SettingSource[]): readonly string[] {
  const flag = (name: string, setting: Sourced<string> | undefined) =>
    setting && sources.includes(setting.source) ? [name, setting.value] : [];
  return [
    ...flag('--profile', target.profile),
    ...flag('--region', target.region),
    ...flag('--endpoint-url', target.endpointUrl),
  ];
}
