/* Moves votes from the Redis queue into PostgreSQL.
 *
 * A vote is moved to a list of votes in progress, stored, and only then taken off that list, so a
 * crash of the worker, of Redis or of PostgreSQL at any point leaves it somewhere it is found
 * again. Storing is idempotent: one row per voter, and a vote with an older stamp changes nothing.
 * So votes may be replayed, and several workers may share the queue. */
#include <errno.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define QUEUE "votes"
#define IN_PROGRESS "votes:in-progress"
#define REJECTED "votes:rejected"
#define IDLE_SECONDS "1"
#define HEARTBEAT "/tmp/worker.alive"
#define HEARTBEAT_SECONDS 15
#define RETRY_MILLISECONDS 250

struct vote {
  char stamp[21];
  char voter[33];
  char choice[2];
};

enum outcome { STORED, INVALID, FAILED };

static volatile sig_atomic_t stopping;

static void on_signal(int signal_number) {
  (void)signal_number;
  stopping = 1;
}

static void say(const char *format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  for (char *c = line; *c; c++) {
    if (*c == '\n') *c = c[1] ? ' ' : '\0';
  }
  printf("worker: %s\n", line);
  fflush(stdout);
}

static const char *setting(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value && *value ? value : otherwise;
}

static void pause_before_retry(void) {
  struct timespec wait = {.tv_sec = 0, .tv_nsec = RETRY_MILLISECONDS * 1000000L};
  nanosleep(&wait, NULL);
}

/* Says "alive" to the health check. Also while Redis or the database is away: their health is theirs, and a worker that is
 * killed for it finds them no sooner. */
static void beat(void) {
  FILE *file = fopen(HEARTBEAT, "w");
  if (file) fclose(file);
}

static int check(void) {
  struct stat status;
  if (stat(HEARTBEAT, &status) != 0 || time(NULL) - status.st_mtime > HEARTBEAT_SECONDS) {
    puts("unhealthy: no sign of life");
    return 1;
  }
  return 0;
}

static redisContext *connect_queue(void) {
  const struct timeval patience = {.tv_sec = 2};
  const struct timeval reply_patience = {.tv_sec = 5};
  redisContext *queue = redisConnectWithTimeout(setting("REDIS_HOST", "redis"), atoi(setting("REDIS_PORT", "6379")), patience);
  if (!queue || queue->err) {
    say("redis: %s", queue ? queue->errstr : "out of memory");
    if (queue) redisFree(queue);
    return NULL;
  }
  redisSetTimeout(queue, reply_patience);
  redisEnableKeepAlive(queue);
  return queue;
}

static bool prepare(PGconn *database) {
  /* Two workers that start together may both create the table; the loser tries again. */
  static const char *statements[] = {
      "SET client_min_messages = warning",
      "CREATE TABLE IF NOT EXISTS votes (voter text PRIMARY KEY, choice text NOT NULL, stamp bigint NOT NULL)",
  };
  for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
    PGresult *result = PQexec(database, statements[i]);
    const bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!ok) say("database: %s", PQresultErrorMessage(result));
    PQclear(result);
    if (!ok) return false;
  }
  PGresult *result = PQprepare(database, "store",
                               "WITH stored AS (INSERT INTO votes (voter, choice, stamp) VALUES ($1, $2, $3::bigint) "
                               "ON CONFLICT (voter) DO UPDATE SET choice = excluded.choice, stamp = excluded.stamp "
                               "WHERE votes.stamp < excluded.stamp RETURNING 1) "
                               "SELECT pg_notify('votes', '') FROM stored",
                               3, NULL);
  const bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
  if (!ok) say("database: %s", PQresultErrorMessage(result));
  PQclear(result);
  return ok;
}

static PGconn *connect_database(void) {
  /* The password and the rest come from libpq's own PG* variables. tcp_user_timeout: a server that
   * vanished without a word (a power cut) is noticed within seconds. */
  const char *keys[] = {"host", "connect_timeout", "tcp_user_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count", NULL};
  const char *values[] = {setting("PGHOST", "db"), "2", "3000", "1", "1", "3", NULL};
  PGconn *database = PQconnectdbParams(keys, values, 0);
  if (PQstatus(database) != CONNECTION_OK || !prepare(database)) {
    say("database: %s", PQerrorMessage(database));
    PQfinish(database);
    return NULL;
  }
  return database;
}

static bool parse(const char *text, struct vote *vote) {
  int end = 0;
  if (sscanf(text, "%20[0-9] %32[0-9a-f] %1[ab]%n", vote->stamp, vote->voter, vote->choice, &end) != 3) return false;
  return text[end] == '\0' && strlen(vote->voter) == 32;
}

static enum outcome store(PGconn *database, const char *text) {
  struct vote vote;
  if (!parse(text, &vote)) return INVALID;
  const char *values[] = {vote.voter, vote.choice, vote.stamp};
  PGresult *result = PQexecPrepared(database, "store", 3, values, NULL, NULL, 0);
  const bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;
  if (!ok) say("database: %s", PQresultErrorMessage(result));
  PQclear(result);
  return ok ? STORED : FAILED;
}

/* Runs a command whose reply is of no interest. */
static bool command(redisContext *queue, const char *format, const char *list, const char *text) {
  redisReply *reply = redisCommand(queue, format, list, text);
  const bool ok = reply && reply->type != REDIS_REPLY_ERROR;
  if (!ok) say("redis: %s", reply ? reply->str : queue->errstr);
  if (reply) freeReplyObject(reply);
  return ok;
}

/* Stores one vote and takes it off the list of those in progress. False: a connection is broken. */
static bool finish(redisContext *queue, PGconn *database, const char *text) {
  switch (store(database, text)) {
    case FAILED:
      return false;
    case INVALID:
      say("set aside, not a vote: %.80s", text);
      if (!command(queue, "LPUSH %s %s", REJECTED, text)) return false;
      break;
    case STORED:
      break;
  }
  return command(queue, "LREM %s 1 %s", IN_PROGRESS, text);
}

/* Stores again what was in progress when a worker stopped. */
static bool recover(redisContext *queue, PGconn *database) {
  redisReply *reply = redisCommand(queue, "LRANGE %s 0 -1", IN_PROGRESS);
  bool ok = reply && reply->type == REDIS_REPLY_ARRAY;
  if (!ok) say("redis: %s", reply && reply->type == REDIS_REPLY_ERROR ? reply->str : queue->errstr);
  for (size_t i = 0; ok && i < reply->elements; i++) ok = finish(queue, database, reply->element[i]->str);
  if (reply) freeReplyObject(reply);
  return ok;
}

/* Waits for one vote and stores it; with none, looks for what another worker left behind. */
static bool step(redisContext *queue, PGconn *database) {
  redisReply *reply = redisCommand(queue, "BLMOVE %s %s RIGHT LEFT %s", QUEUE, IN_PROGRESS, IDLE_SECONDS);
  bool ok = reply != NULL;
  if (!ok || reply->type == REDIS_REPLY_ERROR) {
    say("redis: %s", ok ? reply->str : queue->errstr);
    ok = false;
  } else if (reply->type == REDIS_REPLY_STRING) {
    ok = finish(queue, database, reply->str);
  } else {
    ok = recover(queue, database) && command(queue, "PING %s%s", "", "");
    if (ok) {
      PGresult *result = PQexec(database, "SELECT 1");
      ok = PQresultStatus(result) == PGRES_TUPLES_OK;
      if (!ok) say("database: %s", PQerrorMessage(database));
      PQclear(result);
    }
  }
  if (reply) freeReplyObject(reply);
  return ok;
}

static void work(redisContext *queue, PGconn *database) {
  say("connected to redis and the database");
  bool ok = recover(queue, database);
  while (ok && !stopping) {
    beat();
    ok = step(queue, database);
  }
}

int main(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "--check") == 0) return check();
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  while (!stopping) {
    beat();
    redisContext *queue = connect_queue();
    PGconn *database = queue ? connect_database() : NULL;
    if (database) work(queue, database);
    if (database) PQfinish(database);
    if (queue) redisFree(queue);
    if (!stopping) pause_before_retry();
  }
  say("stopped");
  return 0;
}
