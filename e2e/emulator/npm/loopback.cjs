// Loaded by `node -r` before an emulator: it listens on 127.0.0.1 only, says on stdout where, and ends with its parent.
'use strict';
const net = require('net');

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ...rest) {
  this.once('listening', () => {
    process.stdout.write(`\nlistening 127.0.0.1:${this.address().port}\n`);
  });
  return listen.call(this, port, '127.0.0.1', ...rest.filter((arg) => typeof arg === 'function'));
};

process.stdin.resume().on('end', () => process.exit(0));
