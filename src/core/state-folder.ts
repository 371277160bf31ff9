/**
 * The user's folder for state: `$XDG_STATE_HOME/s3evt`, else `~/.local/state/s3evt`; `%LOCALAPPDATA%\s3evt` on Windows. Undefined
 * when nothing says where the user's home is. A relative XDG_STATE_HOME is ignored, as the specification wants
 * (https://specifications.freedesktop.org/basedir/latest/).
 */
export function stateFolderOf(
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): string | undefined {
  const { LOCALAPPDATA, XDG_STATE_HOME, HOME, USERPROFILE } = env;
  if (platform === 'win32' && LOCALAPPDATA) return `${LOCALAPPDATA}/s3evt`;
  if (XDG_STATE_HOME && /^(?:\/|[A-Za-z]:[\\/])/.test(XDG_STATE_HOME)) {
    return `${XDG_STATE_HOME.replace(/\/+$/, '')}/s3evt`;
  }
  const home = HOME ?? USERPROFILE;
  return home ? `${home.replace(/[\\/]+$/, '')}/.local/state/s3evt` : undefined;
}
