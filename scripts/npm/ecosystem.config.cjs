// PM2: starts an application on the database that is active, whenever it is started from this file. Copy it beside the
// application's package.json and change what stands below.
//
//     pm2 start ecosystem.config.cjs && pm2 save
//
// So that a switch restarts the application, in dbr's env file:
//
//     DB_APP_PM2_NAME=shop
//     DB_ON_EVENT='dbr-pm2-hook /srv/shop/ecosystem.config.cjs'

const { execFileSync } = require("node:child_process")

const name = "shop"
const envFile = "/etc/dbr/dbr.env"

// dbr-env reads dbr's state, no database, and so answers while both are down. It gets a bare environment: a DATABASE_URL that this
// shell or a former start left there would go before that of the env file.
const url = execFileSync("dbr-env", [`--env-file=${envFile}`, "--format=url"], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
}).trimEnd()

module.exports = {
    apps: [
        {
            name,
            cwd: __dirname,
            script: "dist/index.js",
            env: { NODE_ENV: "production", DATABASE_URL: url },
        },
    ],
}
