// The app of compose.yaml: one page.  VOYO answers /cdn/ before it gets here.

import { createServer } from 'node:http';

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>An app behind VOYO</title>
<h1>An app behind VOYO</h1>
<audio controls src="/cdn/stream/dQw4w9WgXcQ"></audio>
`;

// process 1 of a container ignores TERM otherwise
process.on('SIGTERM', () => process.exit());

createServer((request, response) => {
  const found = request.url === '/';
  response.writeHead(found ? 200 : 404, {
    'Content-Type': 'text/html; charset=utf-8',
  });
  response.end(found ? page : 'Not found.\n');
}).listen(process.env.PORT);
