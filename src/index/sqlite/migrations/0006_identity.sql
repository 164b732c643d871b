CREATE TABLE `identity` (
	`one` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`epoch` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `identity` VALUES (1, lower(hex(randomblob(16))), 1);
