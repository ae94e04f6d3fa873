BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE alias_moves (
	sequence INTEGER NOT NULL, 
	function VARCHAR NOT NULL, 
	alias VARCHAR NOT NULL, 
	moved FLOAT NOT NULL, 
	author VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	"before" VARCHAR NOT NULL, 
	"after" VARCHAR NOT NULL, 
	PRIMARY KEY (sequence)
);
INSERT INTO "alias_moves" VALUES(1,'summarize','latest',1700000001.0,'','publish','','1');
INSERT INTO "alias_moves" VALUES(2,'summarize','latest',1700000002.0,'','publish','1','2');
INSERT INTO "alias_moves" VALUES(3,'summarize','prod',1700000006.0,'ada','alias','','1:90,2:10');
CREATE TABLE "aliases" (
	function VARCHAR NOT NULL, 
	alias VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	share INTEGER DEFAULT '100' NOT NULL, 
	PRIMARY KEY (function, alias, number), 
	FOREIGN KEY(function, number) REFERENCES versions (function, number)
);
INSERT INTO "aliases" VALUES('summarize','latest',2,100);
INSERT INTO "aliases" VALUES('summarize','prod',1,90);
INSERT INTO "aliases" VALUES('summarize','prod',2,10);
CREATE TABLE details (
	sequence INTEGER NOT NULL, 
	function VARCHAR NOT NULL, 
	problem VARCHAR, 
	logs BLOB NOT NULL, 
	PRIMARY KEY (sequence)
);
INSERT INTO "details" VALUES(1,'summarize',NULL,X'7B2274223A312C2273223A227374646F7574222C226D223A226869227D0A');
INSERT INTO "details" VALUES(2,'summarize','{"code": "handler-error"}',X'');
CREATE TABLE errors (
	function VARCHAR NOT NULL, 
	code VARCHAR NOT NULL, 
	exception VARCHAR NOT NULL, 
	cell VARCHAR NOT NULL, 
	line INTEGER NOT NULL, 
	message VARCHAR NOT NULL, 
	first FLOAT NOT NULL, 
	last FLOAT NOT NULL, 
	count INTEGER NOT NULL, 
	versions JSON NOT NULL, 
	invocation VARCHAR NOT NULL, 
	PRIMARY KEY (function, code, exception, cell, line)
);
INSERT INTO "errors" VALUES('summarize','handler-error','ValueError','In[3]',2,'no',1700000005.0,1700000005.0,1,'[2]','bbbbbbbbbbbbbbbbbbbbbbbb');
CREATE TABLE invocations (
	sequence INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	function VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	alias VARCHAR DEFAULT '' NOT NULL, 
	caller VARCHAR DEFAULT '' NOT NULL, 
	status INTEGER NOT NULL, 
	code VARCHAR, 
	started FLOAT NOT NULL, 
	queue_ms FLOAT NOT NULL, 
	start_ms FLOAT NOT NULL, 
	run_ms FLOAT NOT NULL, 
	cpu_ms FLOAT NOT NULL, 
	peak_bytes INTEGER NOT NULL, 
	cold BOOLEAN NOT NULL, 
	start VARCHAR DEFAULT '' NOT NULL, 
	request_bytes INTEGER DEFAULT '0' NOT NULL, 
	result_bytes INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (sequence), 
	UNIQUE (id)
);
INSERT INTO "invocations" VALUES(1,'aaaaaaaaaaaaaaaaaaaaaaaa','summarize',1,'','',200,NULL,1700000000.0,0.0,0.0,1.5,0.0,0,0,'paused',0,0);
INSERT INTO "invocations" VALUES(2,'bbbbbbbbbbbbbbbbbbbbbbbb','summarize',2,'prod','ada',500,'handler-error',1700000005.0,0.0,0.0,0.0,0.0,0,0,'',0,0);
CREATE TABLE recordings (
	sequence INTEGER NOT NULL, 
	function VARCHAR NOT NULL, 
	failed BOOLEAN NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	PRIMARY KEY (sequence)
);
INSERT INTO "recordings" VALUES(2,'summarize',1,2,X'7B7D');
CREATE TABLE settings (
	"key" VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "settings" VALUES('owner','0123456789abcdef');
INSERT INTO "settings" VALUES('token_hash','0000000000000000000000000000000000000000000000000000000000000000');
CREATE TABLE versions (
	function VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	identity VARCHAR NOT NULL, 
	bundle_digest VARCHAR NOT NULL, 
	manifest JSON NOT NULL, 
	environment JSON NOT NULL, 
	image_digest VARCHAR NOT NULL, 
	environment_image VARCHAR NOT NULL, 
	packages JSON NOT NULL, 
	layer_bytes INTEGER NOT NULL, 
	image_bytes INTEGER NOT NULL, 
	published FLOAT NOT NULL, author VARCHAR DEFAULT '' NOT NULL, changes JSON, served FLOAT, 
	PRIMARY KEY (function, number)
);
INSERT INTO "versions" VALUES('summarize',1,'sha256:1','sha256:1111111111111111111111111111111111111111111111111111111111111111','{"format": 1, "name": "summarize", "entry": "summarize", "python": "3.11", "requirements": ["numpy==2.0.0"], "constraints": [], "wheels": {}, "environment": ["KEY"], "caps": {"timeout_seconds": 30.0, "init_timeout_seconds": 30.0, "memory_bytes": 256000000, "cpu": 1.0, "pids": 64, "scratch_bytes": 64000000, "network": "none", "payload_bytes": 10000000, "result_bytes": 10000000, "log_bytes": 1000000, "concurrency": 1, "max_instances": 4, "min_instances": 0, "idle_seconds": 86400.0}, "public": false, "doc": "", "proof": "", "input_schema": {"type": "object", "properties": {"q": {"type": "number"}}}, "output_schema": null, "segments": [], "origin": {"notebook": "work.ipynb", "cell": "In [3]", "author": null}, "values": [], "files": []}','{"KEY": "secret"}','sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1','sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','["numpy==2.0.0"]',4096,100000000,1700000001.0,'',NULL,1700000000.0);
INSERT INTO "versions" VALUES('summarize',2,'sha256:2','sha256:2222222222222222222222222222222222222222222222222222222222222222','{"format": 1, "name": "summarize", "entry": "summarize", "python": "3.11", "requirements": ["numpy==2.0.0"], "constraints": [], "wheels": {}, "environment": ["KEY"], "caps": {"timeout_seconds": 30.0, "init_timeout_seconds": 30.0, "memory_bytes": 256000000, "cpu": 1.0, "pids": 64, "scratch_bytes": 64000000, "network": "none", "payload_bytes": 10000000, "result_bytes": 10000000, "log_bytes": 1000000, "concurrency": 1, "max_instances": 4, "min_instances": 0, "idle_seconds": 86400.0}, "public": false, "doc": "", "proof": "", "input_schema": {"type": "object", "properties": {"q": {"type": "number"}}}, "output_schema": null, "segments": [], "origin": {"notebook": "work.ipynb", "cell": "In [3]", "author": null}, "values": [], "files": []}','{"KEY": "secret"}','sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2','sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','["numpy==2.0.0"]',4096,100000000,1700000002.0,'',NULL,NULL);
CREATE INDEX alias_moves_by_function ON alias_moves (function, alias, sequence);
CREATE INDEX details_by_function ON details (function, sequence);
CREATE INDEX invocations_by_function ON invocations (function, sequence, version, status, code, started, run_ms);
CREATE INDEX invocations_by_code ON invocations (code, function, sequence) WHERE code IS NOT NULL;
CREATE INDEX recordings_by_function ON recordings (function, failed, sequence);
COMMIT;
