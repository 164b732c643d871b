ALTER TABLE `artifacts` ADD `verified` text;--> statement-breakpoint
ALTER TABLE `artifacts` ADD `etag` text;--> statement-breakpoint
ALTER TABLE `artifacts` ADD `last_modified` text;--> statement-breakpoint
ALTER TABLE `artifacts` ADD `registry` text;--> statement-breakpoint
ALTER TABLE `artifacts` ADD `checked_at` integer;