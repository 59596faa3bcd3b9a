// Writes one row after the other into the table leads of DATABASE_URL. What the database has acknowledged is appended to the file
// "acked" of the current directory, as "NAME PORT"; what it has not, to "refused". A row of the one must never be missing; of the
// other, it may be there or not.
const fs = require("node:fs")
const { setTimeout: pause } = require("node:timers/promises")
const { Pool } = require("pg")

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 2, connectionTimeoutMillis: 2000, query_timeout: 5000 })
pool.on("error", () => {}) // of a connection that nobody is using: the next row gets a new one

let stopping = false
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => (stopping = true))

async function write(name) {
    try {
        await pool.query("INSERT INTO leads (name, email) VALUES ($1, $2)", [name, `${name}@example.com`])
        fs.appendFileSync("acked", `${name} ${new URL(process.env.DATABASE_URL).port}\n`)
    } catch (error) {
        fs.appendFileSync("refused", `${name} ${error.message}\n`)
        await pause(50)
    }
}

async function main() {
    for (let i = 1; !stopping; i++) {
        await write(`app-${process.pid}-${i}`)
        await pause(5)
    }
    await pool.end()
}

main()
