const ONE_YEAR = 365 * 24 * 60 * 60;

/** Sets a preference cookie that the server reads when it renders <html>. */
export function setCookie(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${value ? ONE_YEAR : 0}; SameSite=Lax${secure}`;
}
