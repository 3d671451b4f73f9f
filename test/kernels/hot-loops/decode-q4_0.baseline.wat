      loop $for-loop|2
       local.get $0
       local.get $5
       i32.lt_u
       if
        local.get $41
        v128.load offset=2
        local.tee $11
        i32.const 1060
        v128.load32_splat
        local.tee $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $0
        v128.load
        local.tee $36
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $0
        v128.load offset=16
        local.tee $19
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $11
        i32.const 4
        i16x8.shr_u
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $0
        v128.load offset=32
        local.tee $18
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $0
        v128.load offset=48
        local.tee $17
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $12
        local.get $32
        v128.load offset=2
        local.tee $11
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $36
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $19
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $11
        i32.const 4
        i16x8.shr_u
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $18
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $17
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $10
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.get $12
        local.get $10
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        i32x4.add
        local.tee $13
        local.get $31
        v128.load offset=2
        local.tee $11
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $36
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $19
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $11
        i32.const 4
        i16x8.shr_u
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $18
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $17
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $12
        local.get $30
        v128.load offset=2
        local.tee $11
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $36
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $19
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $11
        i32.const 4
        i16x8.shr_u
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $18
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $17
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $10
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.get $12
        local.get $10
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        i32x4.add
        local.tee $10
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        local.get $13
        local.get $10
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i32x4.add
        local.get $25
        i32.load
        i32.const 3
        i32.shl
        i32x4.splat
        local.tee $16
        i32x4.sub
        f32x4.convert_i32x4_s
        local.get $9
        v128.load32_splat
        local.tee $15
        f32x4.mul
        local.get $30
        local.get $31
        local.get $32
        local.get $41
        v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
        v128.load16_lane 1
        v128.load16_lane 3
        v128.load16_lane 5
        v128.load16_lane 7
        i32.const 3
        i32x4.shr_s
        i32.const 1104
        v128.load32_splat
        local.tee $14
        v128.and
        i32.const 1108
        v128.load32_splat
        local.tee $13
        f32x4.mul
        f32x4.mul
        local.get $35
        f32x4.add
        local.set $35
        local.get $41
        i32.const 18
        i32.add
        local.set $41
        local.get $32
        i32.const 18
        i32.add
        local.set $32
        local.get $31
        i32.const 18
        i32.add
        local.set $31
        local.get $30
        i32.const 18
        i32.add
        local.set $30
        local.get $29
        v128.load offset=2
        local.tee $11
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $36
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $19
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $11
        i32.const 4
        i16x8.shr_u
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $18
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $17
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $12
        local.get $28
        v128.load offset=2
        local.tee $11
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $36
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $19
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $11
        i32.const 4
        i16x8.shr_u
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $18
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $17
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $10
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.get $12
        local.get $10
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        i32x4.add
        local.tee $12
        local.get $27
        v128.load offset=2
        local.tee $11
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $36
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $19
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $11
        i32.const 4
        i16x8.shr_u
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $18
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $17
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $11
        local.get $26
        v128.load offset=2
        local.tee $10
        local.get $20
        v128.and
        local.tee $21
        i16x8.extend_low_i8x16_u
        local.get $36
        i32x4.dot_i16x8_s
        local.get $21
        i16x8.extend_high_i8x16_u
        local.get $19
        i32x4.dot_i16x8_s
        i32x4.add
        local.get $10
        i32.const 4
        i16x8.shr_u
        local.get $20
        v128.and
        local.tee $10
        i16x8.extend_low_i8x16_u
        local.get $18
        i32x4.dot_i16x8_s
        local.get $10
        i16x8.extend_high_i8x16_u
        local.get $17
        i32x4.dot_i16x8_s
        i32x4.add
        i32x4.add
        local.tee $10
        i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23
        local.get $11
        local.get $10
        i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31
        i32x4.add
        local.tee $10
        i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
        local.get $12
        local.get $10
        i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31
        i32x4.add
        local.get $16
        i32x4.sub
        f32x4.convert_i32x4_s
        local.get $15
        f32x4.mul
        local.get $26
        local.get $27
        local.get $28
        local.get $29
        v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
        v128.load16_lane 1
        v128.load16_lane 3
        v128.load16_lane 5
        v128.load16_lane 7
        i32.const 3
        i32x4.shr_s
        local.get $14
        v128.and
        local.get $13
        f32x4.mul
        f32x4.mul
        local.get $34
        f32x4.add
        local.set $34
        local.get $29
        i32.const 18
        i32.add
        local.set $29
        local.get $28
        i32.const 18
        i32.add
        local.set $28
        local.get $27
        i32.const 18
        i32.add
        local.set $27
        local.get $26
        i32.const 18
        i32.add
        local.set $26
        local.get $9
        i32.const 4
        i32.add
        local.set $9
        local.get $22
        i32.const 8
        i32.add
        local.set $22
        local.get $25
        i32.const 4
        i32.add
        local.set $25
        local.get $0
        i32.const -64
        i32.sub
        local.set $0
        br $for-loop|2
       end
      end
