-- The published hierarchy theme → topic → sentence → firm, for every run in one file.
--
-- A version is one publish of a run. `run` points to the one that is there.
-- Keywords are kept as JSON, [["word", weight], …]: they are always read whole, and json_each opens them.

CREATE TABLE version (
    version_id INTEGER PRIMARY KEY AUTOINCREMENT,  -- a number is never used again
    run        TEXT NOT NULL
);

CREATE TABLE run (
    run          TEXT PRIMARY KEY,
    version_id   INTEGER NOT NULL UNIQUE REFERENCES version,
    published_at TEXT NOT NULL,  -- UTC, ISO 8601
    digest       TEXT NOT NULL,  -- SHA-256 of the content
    n_firms      INTEGER NOT NULL,
    n_themes     INTEGER NOT NULL,
    n_topics     INTEGER NOT NULL,
    n_sentences  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE theme (
    theme_key   INTEGER PRIMARY KEY,
    version_id  INTEGER NOT NULL REFERENCES version,
    rank        INTEGER NOT NULL,
    theme_id    TEXT NOT NULL,
    kind        TEXT NOT NULL,
    label       TEXT NOT NULL,
    keywords    TEXT NOT NULL,
    n_firms     INTEGER NOT NULL,
    n_topics    INTEGER NOT NULL,
    n_sentences INTEGER NOT NULL,
    cohesion    REAL NOT NULL,
    stability   REAL,
    UNIQUE (version_id, rank)
);
CREATE INDEX theme_by_id ON theme (theme_id);

CREATE TABLE representative_sentence (
    theme_key   INTEGER NOT NULL REFERENCES theme ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    firm_id     TEXT NOT NULL,
    topic_id    INTEGER NOT NULL,
    sentence_id TEXT NOT NULL,
    text        TEXT NOT NULL,
    PRIMARY KEY (theme_key, position)
) WITHOUT ROWID;

CREATE TABLE firm (
    firm_key    INTEGER PRIMARY KEY,
    version_id  INTEGER NOT NULL REFERENCES version,
    firm_id     TEXT NOT NULL,
    firm_name   TEXT NOT NULL,
    status      TEXT NOT NULL,
    n_sentences INTEGER NOT NULL,  -- all that the firm spoke, in topics or not
    UNIQUE (version_id, firm_id)
);

CREATE TABLE topic (
    topic_key         INTEGER PRIMARY KEY,
    firm_key          INTEGER NOT NULL REFERENCES firm ON DELETE CASCADE,
    topic_id          INTEGER NOT NULL,
    label             TEXT NOT NULL,
    kind              TEXT NOT NULL,
    keywords          TEXT NOT NULL,
    size              INTEGER NOT NULL,
    stability         REAL,
    theme_key         INTEGER REFERENCES theme,  -- NULL: the topic reached no theme
    position          INTEGER,                   -- in the theme
    similarity        REAL,                      -- to the theme
    unassigned_reason TEXT,
    UNIQUE (firm_key, topic_id)
);
CREATE INDEX topic_by_theme ON topic (theme_key);

CREATE TABLE sentence (
    sentence_key INTEGER PRIMARY KEY,
    topic_key    INTEGER NOT NULL REFERENCES topic ON DELETE CASCADE,
    position     INTEGER NOT NULL,  -- 0 is the best fitting
    sentence_id  TEXT NOT NULL,
    text         TEXT NOT NULL,
    speaker_type TEXT NOT NULL,
    probability  REAL,
    UNIQUE (topic_key, position)
);

-- Full text. The index refers to the rows above and holds no second copy of the text. Labels and keywords
-- of a run are few and are searched without one.
CREATE VIRTUAL TABLE sentence_text USING fts5 (
    text, content = sentence, content_rowid = sentence_key, tokenize = '{tokenize}'
);
CREATE TRIGGER sentence_insert AFTER INSERT ON sentence BEGIN
    INSERT INTO sentence_text (rowid, text) VALUES (new.sentence_key, new.text);
END;
CREATE TRIGGER sentence_delete AFTER DELETE ON sentence BEGIN
    INSERT INTO sentence_text (sentence_text, rowid, text) VALUES ('delete', old.sentence_key, old.text);
END;

-- For people: every sentence of every published run with what it belongs to, e.g. in pandas
--   pd.read_sql("SELECT * FROM hierarchy WHERE run = 'sample'", sqlite3.connect("results/themes.sqlite"))
CREATE VIEW hierarchy AS
SELECT run.run, theme.theme_id, theme.kind AS theme_kind, theme.label AS theme_label,
       firm.firm_id, firm.firm_name, topic.topic_id, topic.label AS topic_label, topic.similarity,
       sentence.sentence_id, sentence.speaker_type, sentence.probability, sentence.text
FROM run
JOIN firm USING (version_id)
JOIN topic USING (firm_key)
JOIN sentence USING (topic_key)
LEFT JOIN theme USING (theme_key);
