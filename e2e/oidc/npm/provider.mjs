// Runs oidc-provider, installed in the working directory, on 127.0.0.1, with one client and the people of the test. It says on stdout
// where it listens, takes what changes as lines of JSON on stdin ({"name": "ada", "person": {…} or null}), answers each with "done",
// and ends with its parent.
import http from 'node:http';
import path from 'node:path';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';

const { Provider } = await import(pathToFileURL(path.resolve('node_modules/oidc-provider/lib/index.js')));
const { issuer, client, secret, helios, people } = JSON.parse(process.argv[2]);

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: client,
      client_secret: secret,
      redirect_uris: [`${helios}/api/v1/auth/oidc/callback`],
      post_logout_redirect_uris: [`${helios}/sign-in`],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
  ],
  claims: { email: ['email', 'email_verified'], profile: ['name', 'groups'] },
  conformIdTokenClaims: false, // as most providers do it: claims are in the ID token
  cookies: { keys: ['of a test'] },
  features: { revocation: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  findAccount: (_, name) => (people[name] ? { accountId: name, claims: () => ({ sub: name, ...people[name] }) } : undefined),
  pkce: { required: () => true },
});

const server = http.createServer(provider.callback());
server.listen(0, '127.0.0.1', () => console.log(`listening 127.0.0.1:${server.address().port}`));
readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { name, person } = JSON.parse(line);
    people[name] = person;
    console.log('done');
  })
  .on('close', () => process.exit(0));
