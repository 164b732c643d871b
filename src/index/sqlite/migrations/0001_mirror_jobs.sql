CREATE TABLE `mirror_failures` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`job` text NOT NULL,
	`task` integer NOT NULL,
	`purl` text NOT NULL,
	`path` text,
	`reason` text NOT NULL,
	`is_passing` integer NOT NULL,
	`attempts` integer NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `failures_job` ON `mirror_failures` (`job`,`id`);--> statement-breakpoint
CREATE TABLE `mirror_jobs` (
	`id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`phase` text NOT NULL,
	`spec` text NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	`error` text,
	`total` integer DEFAULT 0 NOT NULL,
	`completed` integer DEFAULT 0 NOT NULL,
	`skipped` integer DEFAULT 0 NOT NULL,
	`failed` integer DEFAULT 0 NOT NULL,
	`bytes` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `jobs_state` ON `mirror_jobs` (`state`);--> statement-breakpoint
CREATE TABLE `sets` (
	`name` text NOT NULL,
	`mount` text NOT NULL,
	`path` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`name`, `mount`, `path`)
);
--> statement-breakpoint
CREATE TABLE `mirror_tasks` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`job` text NOT NULL,
	`key` text NOT NULL,
	`task` text NOT NULL,
	`state` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`not_before` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tasks_key` ON `mirror_tasks` (`job`,`key`);--> statement-breakpoint
CREATE INDEX `tasks_next` ON `mirror_tasks` (`job`,`state`,`not_before`);--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`scopes` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE TABLE `__new_mirrored` (
	`mount` text NOT NULL,
	`purl` text NOT NULL,
	`choice` text DEFAULT '' NOT NULL,
	`at` integer NOT NULL,
	`files` integer DEFAULT 0 NOT NULL,
	`failure` text,
	PRIMARY KEY(`mount`, `purl`, `choice`)
);
--> statement-breakpoint
INSERT INTO `__new_mirrored`(`mount`, `purl`, `at`, `failure`) SELECT `mount`, `purl`, `at`, `failure` FROM `mirrored`;--> statement-breakpoint
DROP TABLE `mirrored`;--> statement-breakpoint
ALTER TABLE `__new_mirrored` RENAME TO `mirrored`;--> statement-breakpoint
ALTER TABLE `blobs` ADD `verified_at` integer;--> statement-breakpoint
CREATE INDEX `blobs_verified` ON `blobs` (`verified_at`);