"use strict";

// Azurite outlives a parent that is killed. The parent holds the other end of this process's stdin,
// so the pipe closes whatever ends the parent, SIGKILL included.
process.stdin.on("close", () => process.exit(0)).resume();

require("azurite/dist/src/azurite.js");
