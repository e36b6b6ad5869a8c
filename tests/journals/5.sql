BEGIN TRANSACTION;
CREATE TABLE archived (
        project TEXT PRIMARY KEY
    ) STRICT;
CREATE TABLE habits (
        what TEXT PRIMARY KEY
    ) STRICT;
INSERT INTO "habits" VALUES('titles are listed');
CREATE TABLE names (
        directory TEXT NOT NULL,
        id        TEXT NOT NULL,
        title     TEXT NOT NULL,
        name      TEXT NOT NULL,
        PRIMARY KEY (directory, id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "names" VALUES('JHwa1arKOzRsAYmL','VHflZB5EEHISMAZq','Marketing','Marketing');
INSERT INTO "names" VALUES('JHwa1arKOzRsAYmL','W4pbEM6sn96Dwxmi','Personal','Personal');
INSERT INTO "names" VALUES('JHwa1arKOzRsAYmL','eHmhF0LCYg0gQaxG','Moved','Moved.md');
INSERT INTO "names" VALUES('JHwa1arKOzRsAYmL','gj3GIgUSlJRWk19h','Engineering','Engineering');
INSERT INTO "names" VALUES('JHwa1arKOzRsAYmL','q2CvwjRUktF9kV98','Other','Other.md');
INSERT INTO "names" VALUES('root','JHwa1arKOzRsAYmL','Acme','Acme');
CREATE TABLE operations (
        row     INTEGER PRIMARY KEY AUTOINCREMENT,
        kind    TEXT NOT NULL,
        space   TEXT NOT NULL,
        -- Of the file that it is about, below the directory of the space.
        path    TEXT NOT NULL,
        -- The id of what it is about; none until the service has given one.
        subject TEXT,
        -- What else it takes, as JSON, and the name of the file with the bytes that it sends.
        body    TEXT NOT NULL,
        file    TEXT,
        since   INTEGER NOT NULL,
        -- Whether a request for it may have got to the service.
        sent    INTEGER NOT NULL,
        refused TEXT
    ) STRICT;
INSERT INTO "operations" VALUES(1,'delete media','JHwa1arKOzRsAYmL','.taskade/media/logo.png','0b8f6c1e-6c9f-4a5e-9d0e-3f0a5b9f7c11','null',NULL,1795677870,0,NULL);
CREATE TABLE past (
        row     INTEGER PRIMARY KEY AUTOINCREMENT,
        time    INTEGER NOT NULL,
        project TEXT NOT NULL,
        folder  TEXT NOT NULL,
        title   TEXT NOT NULL,
        deed    TEXT NOT NULL,
        before  TEXT NOT NULL,
        after   TEXT NOT NULL,
        undoes  INTEGER,
        undone  INTEGER NOT NULL DEFAULT 0,
        path    TEXT,
        former_project TEXT,
        former_folder  TEXT,
        former_title   TEXT,
        former_path    TEXT,
        burst   INTEGER
    ) STRICT;
INSERT INTO "past" VALUES(1,1795677864,'eHmhF0LCYg0gQaxG','JHwa1arKOzRsAYmL','Inbox','"Saved"','{"items":[{"key":{"Known":"7cff82d0-4da0-4caa-899c-566e089d91ff"},"depth":0,"text":"Reply to Priya about the venue deposit","done":false},{"key":{"Known":"61ca3291-67cf-4c34-964d-b896e93af905"},"depth":0,"text":"Book a dentist appointment","done":false},{"key":{"Known":"5a3d654f-cd2d-49f5-95fa-0ff426d7b44a"},"depth":0,"text":"Renew the domain before it lapses","done":true},{"key":{"Known":"8150d8e6-1af7-46af-854b-818f8de1c52b"},"depth":0,"text":"Ask Tom for the March invoices","done":false},{"key":{"Known":"28acbf11-ad7c-441c-bc4f-f0866323f240"},"depth":0,"text":"Read: the incident review from Friday","done":false},{"key":{"Known":"fda7c51d-56a9-4afc-b148-3719f6d88a3b"},"depth":0,"text":"Buy a present for Lena","done":false},{"key":{"Known":"0f61e67f-5df6-437e-80a1-39f3cdfb566b"},"depth":1,"text":"wrapping paper","done":false},{"key":{"Known":"f74db79b-cc2a-40f2-aa18-3f582c9ecf6c"},"depth":1,"text":"card","done":false},{"key":{"Known":"3ed48dbb-aaa6-4885-bc8b-6cb4ea6f3185"},"depth":0,"text":"Cancel the old phone contract","done":false},{"key":{"Known":"54f15f8d-9e5d-48be-a158-d1470f5d48c7"},"depth":0,"text":"Send photos to Grandma","done":true}]}','{"items":[{"key":{"Known":"7cff82d0-4da0-4caa-899c-566e089d91ff"},"depth":0,"text":"buy bread","done":false},{"key":{"Known":"61ca3291-67cf-4c34-964d-b896e93af905"},"depth":0,"text":"call Ann","done":false}]}',NULL,0,'Acme/Inbox.md',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "past" VALUES(2,1795677864,'q2CvwjRUktF9kV98','JHwa1arKOzRsAYmL','Other','"Created"','{"items":[]}','{"items":[{"key":{"Known":"7f05d642-850e-44aa-ae91-c0ea2cb5622b"},"depth":0,"text":"one","done":false,"details":{"date":"Absent","note":"Absent","assignees":{"known":[],"complete":true},"fields":{"known":[],"complete":true}}}]}',NULL,0,'Acme/Other.md',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "past" VALUES(3,1795677866,'eHmhF0LCYg0gQaxG','JHwa1arKOzRsAYmL','Moved','"Renamed"','{"items":[{"key":{"Known":"7cff82d0-4da0-4caa-899c-566e089d91ff"},"depth":0,"text":"buy bread","done":false},{"key":{"Known":"61ca3291-67cf-4c34-964d-b896e93af905"},"depth":0,"text":"call Ann","done":false}]}','{"items":[{"key":{"Known":"7cff82d0-4da0-4caa-899c-566e089d91ff"},"depth":0,"text":"buy bread","done":false},{"key":{"Known":"61ca3291-67cf-4c34-964d-b896e93af905"},"depth":0,"text":"call Ann","done":false}]}',NULL,0,'Acme/Moved.md','eHmhF0LCYg0gQaxG','JHwa1arKOzRsAYmL','Inbox','Acme/Inbox.md',NULL);
CREATE TABLE refused (
        row     INTEGER PRIMARY KEY,
        project TEXT UNIQUE,
        folder  TEXT NOT NULL,
        title   TEXT NOT NULL,
        text    BLOB NOT NULL,
        base    TEXT NOT NULL,
        refusal TEXT NOT NULL
    ) STRICT;
INSERT INTO "refused" VALUES(1,'q2CvwjRUktF9kV98','JHwa1arKOzRsAYmL','Other',X'2D205B205D207820F09F938520323032362D39392D39390A','{"items":[{"key":{"New":0},"depth":0,"text":"one","done":false,"details":{"date":"Absent","note":"Absent","assignees":{"known":[],"complete":true},"fields":{"known":[],"complete":true}}}]}','{"kind":"Invalid","reason":"Acme/Other.md: line 1: `📅 2026-99-99` is no due date; write a day of the calendar as YYYY-MM-DD, such as `📅 2026-03-09`; save a corrected text, or run `taskadefs retry PATH` once it can succeed, or `taskadefs discard PATH` to give it up","since":{"secs_since_epoch":1795677866,"nanos_since_epoch":102349939},"file":"Acme／Other.md","set_aside":false}');
CREATE TABLE refused_removals (
        project      TEXT PRIMARY KEY,
        folder       TEXT NOT NULL,
        is_workspace INTEGER NOT NULL,
        title        TEXT NOT NULL,
        name         TEXT NOT NULL,
        since        INTEGER NOT NULL
    ) STRICT;
CREATE TABLE remarks (
        row     INTEGER PRIMARY KEY AUTOINCREMENT,
        time    INTEGER NOT NULL,
        project TEXT,
        title   TEXT NOT NULL,
        summary TEXT NOT NULL,
        lines   TEXT NOT NULL,
        -- The name in `conflicts/` of what nobody has looked at yet.
        unseen  TEXT
    ) STRICT;
CREATE TABLE removals (
        row          INTEGER PRIMARY KEY AUTOINCREMENT,
        time         INTEGER NOT NULL,
        burst        INTEGER NOT NULL,
        project      TEXT,
        folder       TEXT NOT NULL,
        is_workspace INTEGER NOT NULL,
        title        TEXT NOT NULL,
        name         TEXT NOT NULL,
        outline      TEXT NOT NULL,
        copy         BLOB,
        archived     INTEGER NOT NULL
    ) STRICT;
CREATE TABLE saves (
        row      INTEGER PRIMARY KEY,
        project  TEXT UNIQUE,
        folder   TEXT NOT NULL,
        title    TEXT NOT NULL,
        text     BLOB NOT NULL,
        outline  TEXT NOT NULL,
        intent   TEXT NOT NULL,
        creating TEXT,
        archive  INTEGER NOT NULL,
        since    TEXT NOT NULL,
        refused  TEXT
    ) STRICT;
INSERT INTO "saves" VALUES(1,'eHmhF0LCYg0gQaxG','JHwa1arKOzRsAYmL','Moved',X'2D205B205D206275792062726561640A2D205B205D2063616C6C20416E6E0A2D205B205D2074687265650A','{"items":[{"key":{"Known":"7cff82d0-4da0-4caa-899c-566e089d91ff"},"depth":0,"text":"buy bread","done":false},{"key":{"Known":"61ca3291-67cf-4c34-964d-b896e93af905"},"depth":0,"text":"call Ann","done":false},{"key":{"New":26},"depth":0,"text":"three","done":false,"details":{"date":"Absent","note":"Absent","assignees":{"known":[],"complete":true},"fields":{"known":[],"complete":true}}}]}','{"base":{"items":[{"key":{"Known":"7cff82d0-4da0-4caa-899c-566e089d91ff"},"depth":0,"text":"buy bread","done":false},{"key":{"Known":"61ca3291-67cf-4c34-964d-b896e93af905"},"depth":0,"text":"call Ann","done":false}]},"target":{"items":[{"key":{"Known":"7cff82d0-4da0-4caa-899c-566e089d91ff"},"depth":0,"text":"buy bread","done":false},{"key":{"Known":"61ca3291-67cf-4c34-964d-b896e93af905"},"depth":0,"text":"call Ann","done":false},{"key":{"New":26},"depth":0,"text":"three","done":false,"details":{"date":"Absent","note":"Absent","assignees":{"known":[],"complete":true},"fields":{"known":[],"complete":true}}}]},"in_flight":{"Create":[{"key":{"New":26},"text":"three","to":{"anchor":null,"position":"beforeend"}}]},"doubtful":false,"again":[],"origins":[],"before":{"items":[{"key":{"Known":"7cff82d0-4da0-4caa-899c-566e089d91ff"},"depth":0,"text":"buy bread","done":false},{"key":{"Known":"61ca3291-67cf-4c34-964d-b896e93af905"},"depth":0,"text":"call Ann","done":false}]},"creates":false,"restores":false,"undoes":null,"doubts":[],"held":null,"put_back":[],"moved":[],"brought":[],"relocation":{"from":{"folder":"JHwa1arKOzRsAYmL","title":"Inbox"},"to":{"folder":"JHwa1arKOzRsAYmL","title":"Moved"},"since":{"secs_since_epoch":1795677866,"nanos_since_epoch":120799981},"retitling":null,"copy":null,"details":[],"originals":[],"back":null,"undone":null}}',NULL,0,'{"secs_since_epoch":1795677865,"nanos_since_epoch":910313454}',NULL);
CREATE TABLE medias (
        id     TEXT PRIMARY KEY,
        name   TEXT,
        length INTEGER
    ) STRICT, WITHOUT ROWID;
CREATE TABLE unmoved (
        project TEXT PRIMARY KEY,
        title   TEXT NOT NULL,
        reason  TEXT NOT NULL,
        since   INTEGER NOT NULL
    ) STRICT;
CREATE INDEX past_of_project ON past (project, row);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('past',3);
INSERT INTO "sqlite_sequence" VALUES('operations',1);
COMMIT;
PRAGMA user_version=5;
