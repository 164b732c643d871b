CREATE TABLE `catalogs` (
	`mount` text PRIMARY KEY NOT NULL,
	`checkpoint` text,
	`is_listing` integer NOT NULL,
	`filters` text NOT NULL,
	`size` integer DEFAULT 0 NOT NULL,
	`caught_up_at` integer
);
--> statement-breakpoint
CREATE TABLE `listed` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`mount` text NOT NULL,
	`name` text NOT NULL,
	`version` text DEFAULT '' NOT NULL,
	`revision` text,
	`held` text,
	`state` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`not_before` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `listed_name` ON `listed` (`mount`,`name`,`version`);--> statement-breakpoint
CREATE INDEX `listed_due` ON `listed` (`mount`,`not_before`,`id`) WHERE "listed"."state" = 'due';--> statement-breakpoint
CREATE INDEX `listed_open` ON `listed` (`mount`,`state`) WHERE "listed"."state" IN ('failed', 'young');