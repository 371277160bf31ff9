/** Which account and endpoint the project file is about, and whether a call goes there. */
import type { Target } from '../aws/target.ts';
import { S3evtError } from '../core/errors.ts';
import type { Project, ProjectSettings } from '../project/project-file.ts';

const FOREIGN_PROJECT_HINT =
  'Run it in another folder, remove what was made with "s3evt destroy" first, or pass --no-save.';

/** Whether the project lives where this call goes: account, and endpoint. */
export function sameHome(settings: ProjectSettings | undefined, account: string, target: Target): boolean {
  return settings?.account === account && sameEndpoint(settings, target);
}

/** A local AWS has another address each time. */
function sameEndpoint(settings: ProjectSettings, target: Target): boolean {
  if ((settings.sandbox === true) !== target.sandbox) return false;
  return target.sandbox || originOf(settings.endpointUrl) === originOf(target.endpointUrl?.value);
}

/**
 * The account that owns the bucket, where the project file says so: its own bucket, and those that rules were made on. Undefined for
 * any other: nothing but one more round trip would tell the account before the first read, and the bucket might be another one's still.
 */
export function rememberedOwner(
  settings: ProjectSettings | undefined,
  bucket: string,
  target: Target,
): string | undefined {
  if (settings?.account === undefined || !sameEndpoint(settings, target)) return undefined;
  const isOurs =
    settings.bucket === bucket ||
    (settings.made ?? []).some(
      (made) => made.bucket === bucket || (made.kind === 'bucket' && made.name === bucket),
    );
  return isOurs ? settings.account : undefined;
}

function originOf(url: string | undefined): string {
  return url === undefined ? 'AWS' : new URL(url).origin;
}

function homeName(account: string | undefined, endpoint: string): string {
  return `account ${account ?? 'unknown'} on ${endpoint}`;
}

/** Throws WRONG_ACCOUNT when what the project file remembers was made elsewhere: there is nothing of it here. */
export function refuseOtherHome(project: Project, account: string, target: Target): void {
  const { settings } = project;
  if (settings?.account === undefined || sameHome(settings, account, target)) return;
  const there = settings.sandbox === true ? 'the local AWS' : originOf(settings.endpointUrl);
  const here = target.sandbox ? 'the local AWS' : originOf(target.endpointUrl?.value);
  throw new S3evtError(
    'WRONG_ACCOUNT',
    `${project.path} is about ${homeName(settings.account, there)}; this call is for ${homeName(account, here)}`,
    { hint: FOREIGN_PROJECT_HINT },
  );
}

/**
 * One project file remembers one account and one Region, where "destroy" looks for what was made. Another one's ledger is not
 * overwritten, except a local AWS's, which is gone when it ends.
 */
export function refuseForeignProject(project: Project, account: string, target: Target): void {
  const { settings } = project;
  if (settings?.account === undefined || (settings.made ?? []).length === 0) return;
  const region = target.region.value;
  if (sameHome(settings, account, target)) {
    if (settings.region === undefined || settings.region === region) return;
    throw new S3evtError(
      'WRONG_REGION',
      `${project.path} remembers what was made in ${settings.region}; this call is for ${region}`,
      { hint: FOREIGN_PROJECT_HINT },
    );
  }
  if (settings.sandbox === true) return;
  refuseOtherHome(project, account, target);
}
