CREATE TABLE `artifacts` (
	`mount` text NOT NULL,
	`path` text NOT NULL,
	`sha256` text NOT NULL,
	`size` integer NOT NULL,
	`media_type` text NOT NULL,
	`name` text NOT NULL,
	`version` text NOT NULL,
	`published_at` integer,
	`headers` text NOT NULL,
	`fetched_at` integer NOT NULL,
	`used_at` integer NOT NULL,
	`hits` integer DEFAULT 0 NOT NULL,
	`pinned` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`mount`, `path`)
);
--> statement-breakpoint
CREATE INDEX `artifacts_name` ON `artifacts` (`mount`,`name`,`version`);--> statement-breakpoint
CREATE INDEX `artifacts_blob` ON `artifacts` (`sha256`);--> statement-breakpoint
CREATE INDEX `artifacts_used` ON `artifacts` (`pinned`,`used_at`);--> statement-breakpoint
CREATE TABLE `blobs` (
	`sha256` text PRIMARY KEY NOT NULL,
	`size` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `documents` (
	`mount` text NOT NULL,
	`path` text NOT NULL,
	`sha256` text NOT NULL,
	`size` integer NOT NULL,
	`media_type` text NOT NULL,
	`url` text NOT NULL,
	`etag` text,
	`last_modified` text,
	`headers` text NOT NULL,
	`revision` integer,
	`fetched_at` integer NOT NULL,
	`checked_at` integer NOT NULL,
	`used_at` integer NOT NULL,
	`pinned` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`mount`, `path`)
);
--> statement-breakpoint
CREATE INDEX `documents_blob` ON `documents` (`sha256`);--> statement-breakpoint
CREATE TABLE `facts` (
	`mount` text NOT NULL,
	`document` text NOT NULL,
	`first` text NOT NULL,
	`page` text NOT NULL,
	PRIMARY KEY(`mount`, `document`, `first`)
);
--> statement-breakpoint
CREATE TABLE `mirrored` (
	`mount` text NOT NULL,
	`purl` text NOT NULL,
	`at` integer NOT NULL,
	`failure` text,
	PRIMARY KEY(`mount`, `purl`)
);
--> statement-breakpoint
CREATE TABLE `release_dates` (
	`mount` text NOT NULL,
	`name` text NOT NULL,
	`version` text NOT NULL,
	`at` integer NOT NULL,
	`source` text NOT NULL,
	PRIMARY KEY(`mount`, `name`, `version`)
);
--> statement-breakpoint
CREATE TABLE `totals` (
	`id` integer PRIMARY KEY NOT NULL,
	`blobs` integer NOT NULL,
	`bytes` integer NOT NULL,
	`artifacts` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `totals` VALUES (1, 0, 0, 0);--> statement-breakpoint
CREATE TRIGGER `blobs_added` AFTER INSERT ON `blobs` BEGIN
	UPDATE `totals` SET `blobs` = `blobs` + 1, `bytes` = `bytes` + new.`size`;
END;--> statement-breakpoint
CREATE TRIGGER `blobs_removed` AFTER DELETE ON `blobs` BEGIN
	UPDATE `totals` SET `blobs` = `blobs` - 1, `bytes` = `bytes` - old.`size`;
END;--> statement-breakpoint
CREATE TRIGGER `artifacts_added` AFTER INSERT ON `artifacts` BEGIN
	UPDATE `totals` SET `artifacts` = `artifacts` + 1;
END;--> statement-breakpoint
CREATE TRIGGER `artifacts_removed` AFTER DELETE ON `artifacts` BEGIN
	UPDATE `totals` SET `artifacts` = `artifacts` - 1;
END;
