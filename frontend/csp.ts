/**
 * The Content-Security-Policy that the page works under. The API serves the page with the same words; the development
 * and preview servers set it too, so that nothing that breaks it gets as far as a user.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
].join("; ");
